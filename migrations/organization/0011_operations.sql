-- Operations: actions on selected people, their plans, approvals and journals. `jobs` is made anew because a CHECK cannot
-- be widened in place on SQLite.

CREATE TABLE jobs_next (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('sync', 'targeted', 'operation')),
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

-- `tally` is the number of rows in each state, in the order of the vocabulary. `wish` is what a person wants of a running
-- operation; its worker reads it with every commit.
CREATE TABLE operations (
    number BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('operation', 'undo', 'retry', 'task')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('planned', 'waiting', 'approved', 'running', 'paused', 'succeeded',
        'partial', 'failed', 'cancelled')),
    asked_by TEXT COLLATE "C" NOT NULL,
    asked_as TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    selection TEXT COLLATE "C" NOT NULL,
    selected BYTEA NOT NULL,
    actions TEXT COLLATE "C" NOT NULL,
    plan_generation BIGINT NOT NULL,
    plan_hash BYTEA NOT NULL,
    plan_people BIGINT NOT NULL,
    plan_rows BIGINT NOT NULL,
    plan_seats TEXT COLLATE "C" NOT NULL,
    plan_left_without BIGINT NOT NULL,
    tally TEXT COLLATE "C" NOT NULL,
    wish TEXT COLLATE "C" CHECK (wish IN ('pause', 'cancel')),
    waiting_until BIGINT,
    waiting_for TEXT COLLATE "C",
    failure TEXT COLLATE "C",
    origin TEXT COLLATE "C"
);

CREATE INDEX operations_by_state ON operations (state, number);

-- One row per change; `target` is the ordinal of the group, resource or directory it speaks of.
-- clustered
CREATE TABLE operation_rows (
    operation BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    action BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    account BIGINT NOT NULL,
    target BIGINT,
    role TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('planned', 'begun', 'done', 'verified', 'already', 'skipped',
        'failed', 'unknown', 'reverted', 'refused')),
    why TEXT COLLATE "C",
    detail TEXT COLLATE "C",
    attempts BIGINT NOT NULL,
    begun_at BIGINT,
    ended_at BIGINT,
    generation BIGINT,
    PRIMARY KEY (operation, seq)
);

CREATE INDEX operation_rows_of_account ON operation_rows (account, operation);

-- Who decided what about which plan: a decision holds for the hash it names.
CREATE TABLE decisions (
    operation BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    decided_by TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    plan_hash BYTEA NOT NULL,
    verdict TEXT COLLATE "C" NOT NULL CHECK (verdict IN ('approved', 'rejected')),
    reason TEXT COLLATE "C" NOT NULL,
    typed BIGINT,
    PRIMARY KEY (operation, seq)
);
