-- Scopes of runs, targeted reads beside a pass, withheld rows, what changed per generation, credentials of sites, the
-- audit stream. `runs` and `jobs` are made anew because a CHECK cannot be widened in place on SQLite.

CREATE TABLE runs_next (
    id TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('initial', 'daily', 'manual', 'browser', 'approval', 'stream',
        'operation')),
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
    withheld_rows BIGINT NOT NULL
);

INSERT INTO runs_next (id, number, kind, scope, holds_place, state, asked_by, asked_at, started_at, ended_at,
    base_generation, base_groups, base_resources, generation, phase, people_seen, people_expected, people_left_out,
    groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until, waiting_for, failure,
    counts, totals, withheld_rows)
SELECT id, number, kind, '{"reads":"everything"}', 1, state, asked_by, asked_at, started_at, ended_at, base_generation,
    base_groups, base_resources, generation, phase, people_seen, people_expected, 0, groups_seen, groups_expected,
    requests, requests_floor, waited_microseconds, waiting_until, waiting_for, failure, counts, NULL, 0
FROM runs;

DROP TABLE runs;

ALTER TABLE runs_next RENAME TO runs;

CREATE INDEX runs_by_state ON runs (state, number);

CREATE TABLE jobs_next (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('sync', 'targeted')),
    subject TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'dead')),
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    epoch BIGINT,
    lease_number BIGINT,
    lease_until BIGINT,
    failure TEXT COLLATE "C"
);

INSERT INTO jobs_next (id, kind, subject, state, due_at, attempts, epoch, lease_number, lease_until, failure)
SELECT id, kind, subject, state, due_at, attempts, epoch, lease_number, lease_until, failure FROM jobs;

DROP TABLE jobs;

ALTER TABLE jobs_next RENAME TO jobs;

CREATE INDEX jobs_due ON jobs (kind, state, due_at);

-- Rows that a guard kept back, by rule and part: ordinals of accounts or of groups, as a bitmap. `rows_open` are those
-- that still wait for a person.
CREATE TABLE withheld (
    id TEXT COLLATE "C" PRIMARY KEY,
    run_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    present BIGINT NOT NULL,
    share_percent BIGINT NOT NULL,
    least BIGINT NOT NULL,
    rows_kept BYTEA NOT NULL,
    rows_open BYTEA NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'settled', 'dismissed', 'replaced')),
    closed_by TEXT COLLATE "C",
    closed_at BIGINT,
    reason TEXT COLLATE "C"
);

CREATE INDEX withheld_by_state ON withheld (state, at);

CREATE INDEX withheld_of_run ON withheld (run_id, rule, part);

-- Which withheld rows a run may take out, because a person approved them.
-- clustered
CREATE TABLE permits (
    run_id TEXT COLLATE "C" NOT NULL,
    withheld_id TEXT COLLATE "C" NOT NULL,
    permitted BYTEA NOT NULL,
    PRIMARY KEY (run_id, withheld_id)
);

-- What targeted reads have observed, and when they asked: a pass that runs beside them leaves it alone.
-- clustered
CREATE TABLE observed (
    generation BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL CHECK (subject IN ('accounts', 'groups', 'moved')),
    asked_to BIGINT NOT NULL,
    ordinals BYTEA NOT NULL,
    PRIMARY KEY (generation, subject)
);

-- What a generation changed, in ordinals, for the page of its run.
-- clustered
CREATE TABLE changes (
    generation BIGINT PRIMARY KEY,
    entries BYTEA NOT NULL
);

CREATE TABLE site_credentials (
    id TEXT COLLATE "C" PRIMARY KEY,
    site TEXT COLLATE "C" NOT NULL,
    cloud_id TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    last_four TEXT COLLATE "C" NOT NULL,
    key_fingerprint TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    rights TEXT COLLATE "C" NOT NULL,
    entered_by TEXT COLLATE "C" NOT NULL,
    entered_at BIGINT NOT NULL,
    expires_at BIGINT,
    replaced_at BIGINT
);

CREATE INDEX site_credentials_of_site ON site_credentials (site, entered_at);

-- The audit stream: one row, once it was probed.
CREATE TABLE stream (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('available', 'refused')),
    detail TEXT COLLATE "C" NOT NULL,
    probed_at BIGINT NOT NULL,
    polled_at BIGINT,
    next_cursor TEXT COLLATE "C"
);

-- Accounts and groups that the stream named and that were not read since.
-- clustered
CREATE TABLE touched (
    subject TEXT COLLATE "C" NOT NULL CHECK (subject IN ('accounts', 'groups')),
    id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (subject, id)
);
