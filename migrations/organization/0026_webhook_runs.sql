-- Reads that a site's user webhook asks for have a kind of their own. `runs` is made anew because a CHECK cannot be widened in
-- place on SQLite.

CREATE TABLE runs_next (
    id TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('initial', 'daily', 'manual', 'browser', 'approval', 'stream',
        'webhook', 'operation')),
    scope TEXT COLLATE "C" NOT NULL,
    holds_place BIGINT NOT NULL CHECK (holds_place IN (0, 1)),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'running', 'waiting', 'sealed', 'failed', 'cancelled')),
    asked_by TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    base_generation BIGINT,
    base_groups BIGINT,
    base_resources BIGINT,
    generation BIGINT,
    phase TEXT COLLATE "C" NOT NULL,
    people_seen BIGINT NOT NULL,
    people_expected BIGINT,
    people_left_out BIGINT NOT NULL,
    groups_seen BIGINT NOT NULL,
    groups_expected BIGINT,
    requests BIGINT NOT NULL,
    requests_floor BIGINT,
    waited_microseconds BIGINT NOT NULL,
    waiting_until BIGINT,
    waiting_for TEXT COLLATE "C",
    failure TEXT COLLATE "C",
    counts TEXT COLLATE "C",
    totals TEXT COLLATE "C",
    withheld_rows BIGINT NOT NULL,
    waiting_since BIGINT
);

INSERT INTO runs_next (id, number, kind, scope, holds_place, state, asked_by, asked_at, started_at, ended_at,
    base_generation, base_groups, base_resources, generation, phase, people_seen, people_expected, people_left_out,
    groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until, waiting_for, failure,
    counts, totals, withheld_rows, waiting_since)
SELECT id, number, kind, scope, holds_place, state, asked_by, asked_at, started_at, ended_at,
    base_generation, base_groups, base_resources, generation, phase, people_seen, people_expected, people_left_out,
    groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until, waiting_for, failure,
    counts, totals, withheld_rows, waiting_since
FROM runs;

DROP TABLE runs;

ALTER TABLE runs_next RENAME TO runs;

CREATE INDEX runs_by_state ON runs (state, number);
