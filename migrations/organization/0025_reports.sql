-- Reports that are mailed on a schedule: what, to whom, when, and what the last one counted.
CREATE TABLE reports (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL UNIQUE,
    filter TEXT COLLATE "C" NOT NULL,
    recipients TEXT COLLATE "C" NOT NULL,
    rhythm TEXT COLLATE "C" NOT NULL,
    at_time TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    active BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL,
    settled_at BIGINT NOT NULL,
    sent_at BIGINT,
    found BYTEA,
    figures TEXT COLLATE "C"
);

CREATE INDEX reports_filter ON reports (filter);
