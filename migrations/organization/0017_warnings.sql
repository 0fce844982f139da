-- The stage that a run under way has planned for somebody; it counts as done when the run is over and it was done.
ALTER TABLE task_people ADD COLUMN pending BIGINT;

-- Mail by which a run of a task warns people, one row for each. `ends_at` is when the next stage may come at the
-- earliest; `notice` is what was put into the outbox.
CREATE TABLE task_warnings (
    run_id TEXT COLLATE "C" NOT NULL,
    account BIGINT NOT NULL,
    task_id TEXT COLLATE "C" NOT NULL,
    stage BIGINT NOT NULL,
    at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('planned', 'waiting', 'delivered', 'bounced', 'no_address',
        'dropped')),
    notice TEXT COLLATE "C",
    PRIMARY KEY (run_id, account)
);

CREATE INDEX task_warnings_task ON task_warnings (task_id, account);
CREATE INDEX task_warnings_notice ON task_warnings (notice);
