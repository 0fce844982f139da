# Joins two tables by their first column and counts what differs, in DuckDB; prints a line of JSON.
import json
import resource
import sys
import time

import duckdb

before, after, threads = sys.argv[1:4]
columns = open(after, encoding="utf-8").readline().rstrip("\n").split(",")
key, rest = columns[0], columns[1:]
differs = " OR ".join(f"o.{column} IS DISTINCT FROM n.{column}" for column in rest)
question = f"""
    SELECT count(*) FILTER (WHERE o.{key} IS NULL), count(*) FILTER (WHERE n.{key} IS NULL),
        count(*) FILTER (WHERE o.{key} IS NOT NULL AND n.{key} IS NOT NULL AND ({differs}))
    FROM read_csv('{before}', header = true, all_varchar = true) o
    FULL OUTER JOIN read_csv('{after}', header = true, all_varchar = true) n ON o.{key} = n.{key}"""
connection = duckdb.connect()
if int(threads):
    connection.execute(f"SET threads = {threads}")
began = time.perf_counter()
new, gone, changed = connection.execute(question).fetchone()
took = time.perf_counter() - began
print(json.dumps({
    "version": duckdb.__version__,
    "seconds": took,
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "new": new,
    "gone": gone,
    "changed": changed,
}))
