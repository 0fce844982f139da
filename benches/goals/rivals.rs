//! The same questions in SQLite with FTS5 and in PostgreSQL with pg_trgm: counts and first pages by SQL written by hand.
//!
//! Both have the same tables and indexes, both analysed and in memory; a search for a part of a name or an address goes
//! through the trigram index that each of them has.

use std::io::Write as _;

use directory::Snapshot;

use crate::postgres_server::Server;
use crate::tables::{CLUSTERED, Cell, INDEXES, TABLES, line};

/// A filter as SQL: which people, what is joined for the order, and the order.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) filter: String,
    whom: String,
    join: String,
    order: String,
}

/// What a database answered: how many, and who is on the first page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) count: u64,
    pub(crate) page: Vec<u32>,
}

/// A database that is asked.
pub(crate) trait Rival {
    fn name(&self) -> &'static str;
    /// A search for a part of a text: in the address alone, or in name and address.
    fn contains(&self, address_only: bool, part: &str) -> String;
    fn ask(&mut self, count: &str, page: &str) -> Answered;
}

/// Reads `filters.sql`: blocks of a filter and its SQL.
pub(crate) fn questions() -> Vec<Question> {
    let blocks = include_str!("filters.sql").split("\n\n").filter(|block| !block.trim().is_empty());
    let read = |block: &str| {
        let mut question =
            Question { filter: String::new(), whom: String::new(), join: String::new(), order: String::new() };
        for line in block.trim().lines() {
            match line.strip_prefix("-- ") {
                Some(filter) => question.filter = filter.to_owned(),
                None if line.starts_with("LEFT JOIN") => question.join = line.to_owned(),
                None if line.starts_with("ORDER BY") => question.order = line.to_owned(),
                None => question.whom = format!("{}{line}\n", question.whom),
            }
        }
        if question.order.is_empty() {
            question.order = "ORDER BY p.folded_name, p.ordinal".to_owned();
        }
        question
    };
    blocks.map(read).collect()
}

impl Question {
    /// The statements that count and that give the first page, with every mark in braces put in.
    pub(crate) fn statements(&self, rival: &dyn Rival, moment: &dyn Fn(&str) -> i64) -> (String, String) {
        let mut whom = String::new();
        let mut rest = self.whom.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (mark, after) = after.split_once('}').unwrap();
            whom.push_str(before);
            match mark.split_once(' ') {
                Some((field, part)) => whom.push_str(&rival.contains(field == "email", part)),
                None => whom.push_str(&moment(mark).to_string()),
            }
            rest = after;
        }
        whom.push_str(rest);
        (
            format!("SELECT count(*) FROM people p WHERE {whom}"),
            format!("SELECT p.ordinal FROM people p {} WHERE {whom} {} LIMIT 50", self.join, self.order),
        )
    }
}

/// SQLite, in a file, through the same library as the product's.
pub(crate) struct Sqlite {
    connection: rusqlite::Connection,
    _folder: tempfile::TempDir,
}

impl Sqlite {
    pub(crate) fn fill(snapshot: &Snapshot) -> Sqlite {
        let folder = tempfile::tempdir().unwrap();
        let connection = rusqlite::Connection::open(folder.path().join("rival.sqlite")).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;
                 PRAGMA mmap_size = 8000000000; PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON;",
            )
            .unwrap();
        let mut rival = Sqlite { connection, _folder: folder };
        let transaction = rival.connection.transaction().unwrap();
        for table in &TABLES {
            let clustered = if CLUSTERED.contains(&table.name) { "WITHOUT ROWID" } else { "" };
            // Only INTEGER PRIMARY KEY is the row's own number.
            let columns = table.columns.replace("BIGINT", "INTEGER");
            transaction.execute_batch(&format!("CREATE TABLE {} ({columns}) {clustered}", table.name)).unwrap();
            let mut insert = None;
            (table.rows)(snapshot, &mut |cells| {
                let insert = insert.get_or_insert_with(|| {
                    let marks = vec!["?"; cells.len()].join(", ");
                    transaction.prepare(&format!("INSERT INTO {} VALUES ({marks})", table.name)).unwrap()
                });
                let values = cells.iter().map(|cell| match cell {
                    Cell::Null => rusqlite::types::Value::Null,
                    Cell::Number(number) => (*number).into(),
                    Cell::Text(text) => text.to_string().into(),
                });
                insert.execute(rusqlite::params_from_iter(values)).unwrap();
            });
        }
        transaction.execute_batch(INDEXES).unwrap();
        transaction
            .execute_batch(
                "CREATE VIRTUAL TABLE people_text USING fts5(folded_name, email_key, content = 'people',
                     content_rowid = 'ordinal', tokenize = 'trigram case_sensitive 1');
                 INSERT INTO people_text(people_text) VALUES ('rebuild');
                 INSERT INTO people_text(people_text) VALUES ('optimize');",
            )
            .unwrap();
        transaction.commit().unwrap();
        rival.connection.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
        rival
    }
}

impl Rival for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn contains(&self, address_only: bool, part: &str) -> String {
        let column = if address_only { "email_key : " } else { "" };
        format!("p.ordinal IN (SELECT rowid FROM people_text WHERE people_text MATCH '{column}\"{part}\"')")
    }

    fn ask(&mut self, count: &str, page: &str) -> Answered {
        let mut statement = self.connection.prepare_cached(count).unwrap();
        let count: i64 = statement.query_row([], |row| row.get(0)).unwrap();
        let mut statement = self.connection.prepare_cached(page).unwrap();
        let page = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        Answered { count: count as u64, page }
    }
}

/// PostgreSQL, over a connection on this machine.
pub(crate) struct Postgres {
    client: postgres::Client,
    prepared: Vec<(String, postgres::Statement)>,
}

impl Postgres {
    /// On a server of the benchmark's own, or in a database that is named.
    pub(crate) fn fill(snapshot: &Snapshot, url: Option<String>) -> Postgres {
        let url = url.unwrap_or_else(|| {
            // It ends with this process, however that ends.
            let server: &'static Server = Box::leak(Box::new(Server::start("off", "1GB")));
            server.url()
        });
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client
            .batch_execute(
                "SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET jit = off;
                 SET synchronous_commit = off; CREATE EXTENSION IF NOT EXISTS pg_trgm; SET search_path = rival, public;
                 DROP SCHEMA IF EXISTS rival CASCADE; CREATE SCHEMA rival;",
            )
            .unwrap();
        for table in &TABLES {
            // Names sort by their bytes, as everywhere in the product.
            let columns = table.columns.replace(" TEXT", " TEXT COLLATE \"C\"");
            client.batch_execute(&format!("CREATE UNLOGGED TABLE {} ({columns})", table.name)).unwrap();
            let mut copy = client.copy_in(&format!("COPY {} FROM STDIN", table.name)).unwrap();
            let mut lines = String::new();
            (table.rows)(snapshot, &mut |cells| {
                line(cells, &mut lines);
                if lines.len() > 1 << 20 {
                    copy.write_all(lines.as_bytes()).unwrap();
                    lines.clear();
                }
            });
            copy.write_all(lines.as_bytes()).unwrap();
            copy.finish().unwrap();
        }
        client.batch_execute(INDEXES).unwrap();
        client
            .batch_execute(
                "CREATE INDEX people_names ON people USING gin (folded_name gin_trgm_ops);
                 CREATE INDEX people_addresses ON people USING gin (email_key gin_trgm_ops);",
            )
            .unwrap();
        client.batch_execute("VACUUM ANALYZE").unwrap();
        Postgres { client, prepared: Vec::new() }
    }

    fn prepared(&mut self, text: &str) -> postgres::Statement {
        if let Some((_, known)) = self.prepared.iter().find(|(known, _)| known == text) {
            return known.clone();
        }
        let statement = self.client.prepare(text).unwrap();
        self.prepared.push((text.to_owned(), statement.clone()));
        statement
    }
}

impl Rival for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn contains(&self, address_only: bool, part: &str) -> String {
        let address = format!("p.email_key LIKE '%{part}%'");
        if address_only { address } else { format!("(p.folded_name LIKE '%{part}%' OR {address})") }
    }

    fn ask(&mut self, count: &str, page: &str) -> Answered {
        let (count, page) = (self.prepared(count), self.prepared(page));
        let count: i64 = self.client.query_one(&count, &[]).unwrap().get(0);
        let page = self.client.query(&page, &[]).unwrap();
        Answered { count: count as u64, page: page.iter().map(|row| row.get::<_, i64>(0) as u32).collect() }
    }
}
