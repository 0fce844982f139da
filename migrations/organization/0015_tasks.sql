-- Automated tasks: each edit is a version, a run names the one it used. `definition` is JSON and never queried into.

CREATE TABLE tasks (
    id TEXT COLLATE "C" PRIMARY KEY,
    name_key TEXT COLLATE "C" NOT NULL UNIQUE,
    filter TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    settled_at BIGINT NOT NULL,
    hold_next TEXT COLLATE "C",
    deleted_at BIGINT
);

CREATE INDEX tasks_filter ON tasks (filter);

CREATE TABLE task_versions (
    task_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    definition TEXT COLLATE "C" NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    author_id TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (task_id, version)
);

-- One run for each day of a schedule, whoever sees first that it is due.
CREATE TABLE task_runs (
    number BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    task_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    cause TEXT COLLATE "C" NOT NULL CHECK (cause IN ('schedule', 'caught_up', 'person', 'dry_run')),
    due_day TEXT COLLATE "C",
    due_until BIGINT,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('asked', 'reading', 'acting', 'held', 'succeeded', 'partial',
        'failed', 'skipped')),
    reason TEXT COLLATE "C",
    asked_by TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    ended_at BIGINT,
    first BYTEA NOT NULL,
    confirmed BIGINT NOT NULL,
    sync_run TEXT COLLATE "C",
    operations TEXT COLLATE "C" NOT NULL,
    resting BIGINT NOT NULL CHECK (resting IN (0, 1)),
    UNIQUE (task_id, due_day)
);

CREATE INDEX task_runs_task ON task_runs (task_id, number);
CREATE INDEX task_runs_state ON task_runs (state);

-- Since when somebody matches a task with stages, and how many stages they have had.
CREATE TABLE task_people (
    task_id TEXT COLLATE "C" NOT NULL,
    account BIGINT NOT NULL,
    first_matched_at BIGINT NOT NULL,
    stages_done BIGINT NOT NULL,
    PRIMARY KEY (task_id, account)
);
