-- Feeds: people from originating systems. What a person was told to be lies beside who they are: `feed_people` has one row
-- per username over all feeds, `feed_records` one per person and feed with what that feed said of them.

CREATE TABLE feeds (
    number BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    settings TEXT COLLATE "C" NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    control BIGINT,
    applied_run TEXT COLLATE "C",
    field_counts TEXT COLLATE "C" NOT NULL,
    delivered_at BIGINT,
    late_told_at BIGINT
);

CREATE TABLE feed_groups (
    feed BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    declared_at BIGINT NOT NULL,
    declared_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (feed, code)
);

CREATE TABLE feed_keys (
    id TEXT COLLATE "C" PRIMARY KEY,
    feed BIGINT NOT NULL,
    secret_hash BYTEA NOT NULL UNIQUE,
    label TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT
);

-- What was uploaded, once for each content, in pieces of bounded size. A body without a digest is still being received.
CREATE TABLE feed_bodies (
    id TEXT COLLATE "C" PRIMARY KEY,
    feed BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    file_name TEXT COLLATE "C" NOT NULL,
    encoding TEXT COLLATE "C" NOT NULL CHECK (encoding IN ('identity', 'gzip')),
    received BIGINT NOT NULL,
    pieces BIGINT NOT NULL,
    digest TEXT COLLATE "C" UNIQUE,
    begun_at BIGINT NOT NULL
);

CREATE TABLE feed_pieces (
    body TEXT COLLATE "C" NOT NULL,
    piece BIGINT NOT NULL,
    packed BYTEA NOT NULL,
    PRIMARY KEY (body, piece)
);

CREATE TABLE feed_controls (
    feed BIGINT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    meaning BYTEA NOT NULL,
    at BIGINT NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    origin TEXT COLLATE "C" NOT NULL CHECK (origin IN ('upload', 'page', 'reapply')),
    reason TEXT COLLATE "C",
    PRIMARY KEY (feed, version)
);

CREATE TABLE feed_runs (
    number BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    feed BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('uploading', 'ready', 'held', 'running', 'complete', 'cancelled',
        'failure')),
    stage TEXT COLLATE "C" NOT NULL CHECK (stage IN ('waiting', 'comparing', 'compared', 'applying', 'over')),
    control BIGINT,
    started BIGINT NOT NULL CHECK (started IN (0, 1)),
    forced BIGINT NOT NULL CHECK (forced IN (0, 1)),
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    ended_at BIGINT,
    heartbeat_at BIGINT,
    feed_version BIGINT,
    counts TEXT COLLATE "C" NOT NULL,
    reasons TEXT COLLATE "C" NOT NULL,
    errors BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    failure TEXT COLLATE "C",
    copy_of TEXT COLLATE "C",
    superseded TEXT COLLATE "C",
    decided_by TEXT COLLATE "C",
    decided_at BIGINT,
    decision TEXT COLLATE "C",
    comment TEXT COLLATE "C",
    field_counts TEXT COLLATE "C"
);

CREATE INDEX feed_runs_feed ON feed_runs (feed, number);
CREATE INDEX feed_runs_state ON feed_runs (state);

CREATE TABLE feed_files (
    run BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    place BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    file_name TEXT COLLATE "C" NOT NULL,
    given BIGINT NOT NULL CHECK (given IN (0, 1)),
    uploaded_at BIGINT NOT NULL,
    uploaded_by TEXT COLLATE "C" NOT NULL,
    rows_read BIGINT,
    PRIMARY KEY (run, name)
);

CREATE INDEX feed_files_body ON feed_files (body);

-- clustered
CREATE TABLE feed_log (
    run BIGINT NOT NULL,
    line BIGINT NOT NULL,
    at BIGINT NOT NULL,
    severity TEXT COLLATE "C" NOT NULL CHECK (severity IN ('information', 'warning', 'error')),
    record BIGINT,
    file_line BIGINT,
    username TEXT COLLATE "C",
    text TEXT COLLATE "C" NOT NULL,
    told TEXT COLLATE "C",
    PRIMARY KEY (run, line)
);

-- What a run would do with whom, and once it is applied what it did. `person` is the canonical record that is stored,
-- `raw` the record as it came.
CREATE TABLE feed_rows (
    run BIGINT NOT NULL,
    place BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('new', 'changed', 'refreshed', 'returning', 'leaving', 'failing',
        'conflict')),
    username_key TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    account BIGINT,
    record BIGINT,
    file_line BIGINT,
    is_error BIGINT NOT NULL CHECK (is_error IN (0, 1)),
    raw_digest BYTEA,
    digest BYTEA,
    person TEXT COLLATE "C",
    raw TEXT COLLATE "C",
    changes TEXT COLLATE "C",
    why TEXT COLLATE "C",
    PRIMARY KEY (run, place)
);

CREATE INDEX feed_rows_username ON feed_rows (username_key, run);

CREATE TABLE feed_people (
    account BIGINT PRIMARY KEY,
    username_key TEXT COLLATE "C" NOT NULL UNIQUE,
    username TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    search_key TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    email_key TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'blocked', 'held')),
    block_at BIGINT,
    held_by TEXT COLLATE "C",
    held_at BIGINT,
    held_why TEXT COLLATE "C",
    linked TEXT COLLATE "C",
    since BIGINT NOT NULL
);

CREATE INDEX feed_people_email ON feed_people (email_key);
CREATE INDEX feed_people_block ON feed_people (block_at);

CREATE TABLE feed_records (
    feed BIGINT NOT NULL,
    account BIGINT NOT NULL,
    in_feed BIGINT NOT NULL CHECK (in_feed IN (0, 1)),
    raw_digest BYTEA NOT NULL,
    control BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    raw TEXT COLLATE "C" NOT NULL,
    received TEXT COLLATE "C",
    received_run BIGINT,
    applied_run BIGINT NOT NULL,
    left_run BIGINT,
    try_again BIGINT NOT NULL CHECK (try_again IN (0, 1)),
    failure TEXT COLLATE "C",
    PRIMARY KEY (feed, account)
);

CREATE INDEX feed_records_account ON feed_records (account);

-- clustered
CREATE TABLE feed_memberships (
    feed BIGINT NOT NULL,
    account BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (feed, account, code)
);

-- What people did with a person by hand: hold, release, try again, rename, merge.
CREATE TABLE feed_notes (
    account BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C",
    PRIMARY KEY (account, at)
);

-- A kind of work more.
CREATE TABLE jobs_next (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('sync', 'targeted', 'operation', 'feed')),
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

CREATE INDEX jobs_due ON jobs (state, due_at);
