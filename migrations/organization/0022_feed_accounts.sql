-- People of the feeds and their Atlassian accounts: who is linked to which and how, which managed group fills which groups
-- there, and what plans of the feeds have agreed on. `operations` is made anew because a CHECK cannot be widened in place
-- on SQLite.

ALTER TABLE feed_people ADD COLUMN link_how TEXT COLLATE "C" CHECK (link_how IN ('email', 'hand', 'apart'));
ALTER TABLE feed_people ADD COLUMN link_by TEXT COLLATE "C";
ALTER TABLE feed_people ADD COLUMN link_at BIGINT;

-- One person, one account.
CREATE UNIQUE INDEX feed_people_linked ON feed_people (linked);

-- Whose account is not clear; made anew whenever people and accounts are matched.
CREATE TABLE feed_link_cases (
    person BIGINT PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('two_accounts', 'two_people', 'taken')),
    accounts TEXT COLLATE "C" NOT NULL
);

-- What was looked at when people and accounts were matched last; one row.
CREATE TABLE feed_linking (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    people BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    at BIGINT NOT NULL
);

-- Feed 0 stands for every feed that manages a group of this code.
CREATE TABLE feed_mappings (
    feed BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    group_id TEXT COLLATE "C" NOT NULL,
    owned BIGINT NOT NULL CHECK (owned IN (0, 1)),
    mapped_by TEXT COLLATE "C" NOT NULL,
    mapped_at BIGINT NOT NULL,
    PRIMARY KEY (feed, code, group_id)
);

-- Whether plans are made for a feed, who chose that, and what was looked at last. A feed without a row has none made.
CREATE TABLE feed_access (
    feed BIGINT PRIMARY KEY,
    mode TEXT COLLATE "C" NOT NULL CHECK (mode IN ('off', 'propose', 'automatic')),
    giving_people BIGINT NOT NULL,
    giving_percent BIGINT NOT NULL,
    taking_people BIGINT NOT NULL,
    taking_percent BIGINT NOT NULL,
    chosen_by TEXT COLLATE "C" NOT NULL,
    chosen_as TEXT COLLATE "C" NOT NULL,
    chosen_at BIGINT NOT NULL,
    people BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    looked_at BIGINT,
    left_alone TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C"
);

-- What was last agreed on between a feed and the organization of somebody (`who`: a person of the feeds, or an account that
-- is nobody of them) and one target: a group, or that they are suspended.
-- clustered
CREATE TABLE feed_agreed (
    feed BIGINT NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('given', 'found', 'tried', 'declined', 'taken', 'kept')),
    at BIGINT NOT NULL,
    PRIMARY KEY (feed, who, target)
);

CREATE TABLE feed_plans (
    operation BIGINT PRIMARY KEY,
    feed BIGINT NOT NULL,
    place BIGINT NOT NULL,
    run BIGINT,
    digest BYTEA NOT NULL,
    by_itself BIGINT NOT NULL CHECK (by_itself IN (0, 1)),
    settled BIGINT NOT NULL CHECK (settled IN (0, 1)),
    waits TEXT COLLATE "C",
    UNIQUE (feed, place)
);

CREATE INDEX feed_plans_open ON feed_plans (settled);
CREATE INDEX feed_plans_run ON feed_plans (run);

-- Why each row of such a plan is there.
-- clustered
CREATE TABLE feed_plan_rows (
    operation BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    targets TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL CHECK (step IN ('invite', 'add', 'remove', 'suspend', 'restore')),
    why TEXT COLLATE "C" NOT NULL CHECK (why IN ('joined', 'moved_in', 'moved_out', 'gone', 'back', 'owned')),
    code TEXT COLLATE "C" NOT NULL,
    run BIGINT,
    PRIMARY KEY (operation, seq)
);

CREATE TABLE operations_next (
    number BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('operation', 'undo', 'retry', 'task', 'feed')),
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

INSERT INTO operations_next (number, id, kind, state, asked_by, asked_as, asked_at, started_at, ended_at, selection,
    selected, actions, plan_generation, plan_hash, plan_people, plan_rows, plan_seats, plan_left_without, tally, wish,
    waiting_until, waiting_for, failure, origin)
SELECT number, id, kind, state, asked_by, asked_as, asked_at, started_at, ended_at, selection,
    selected, actions, plan_generation, plan_hash, plan_people, plan_rows, plan_seats, plan_left_without, tally, wish,
    waiting_until, waiting_for, failure, origin
FROM operations;

DROP TABLE operations;

ALTER TABLE operations_next RENAME TO operations;

CREATE INDEX operations_by_state ON operations (state, number);
