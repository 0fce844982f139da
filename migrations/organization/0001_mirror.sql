-- One organization: its head, its generations, the facts of its people with their history, its runs, its audit chain.
-- Facts are keyed by ordinals; text ids stand once. `until` is 9223372036854775807 while a fact holds.
-- A comment `clustered` marks a table that SQLite keeps in the order of its primary key.

CREATE TABLE head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL,
    event_seq BIGINT NOT NULL,
    event_hash BYTEA,
    stopped BIGINT NOT NULL CHECK (stopped IN (0, 1)),
    epoch BIGINT NOT NULL,
    lease_number BIGINT NOT NULL,
    progress_seq BIGINT NOT NULL
);

INSERT INTO head (id, generation, event_seq, event_hash, stopped, epoch, lease_number, progress_seq)
VALUES (1, 0, 0, NULL, 0, 0, 0, 0);

CREATE TABLE settings (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE organization_keys (
    id TEXT COLLATE "C" PRIMARY KEY,
    label TEXT COLLATE "C" NOT NULL,
    last_four TEXT COLLATE "C" NOT NULL,
    key_fingerprint TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    entered_by TEXT COLLATE "C" NOT NULL,
    entered_at BIGINT NOT NULL,
    expires_at BIGINT,
    replaced_at BIGINT
);

-- clustered
CREATE TABLE generations (
    generation BIGINT PRIMARY KEY,
    sealed_at BIGINT NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    counts TEXT COLLATE "C" NOT NULL
);

-- clustered
CREATE TABLE coverage (
    generation BIGINT NOT NULL,
    noun TEXT COLLATE "C" NOT NULL CHECK (noun IN ('accounts', 'presence', 'activity', 'platform_roles', 'groups',
        'memberships', 'grants', 'direct_access')),
    part TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('complete', 'partial', 'unread')),
    asked_from BIGINT NOT NULL,
    asked_to BIGINT NOT NULL,
    expected BIGINT,
    seen BIGINT NOT NULL,
    reason TEXT COLLATE "C",
    PRIMARY KEY (generation, noun, part)
);

CREATE TABLE directories (
    ordinal BIGINT PRIMARY KEY,
    directory_id TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL
);

CREATE TABLE resources (
    ordinal BIGINT PRIMARY KEY,
    resource_id TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C",
    host_url TEXT COLLATE "C",
    status TEXT COLLATE "C",
    capacity BIGINT,
    since BIGINT NOT NULL
);

CREATE TABLE accounts (
    ordinal BIGINT PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL UNIQUE,
    since BIGINT NOT NULL,
    counted_resources BIGINT,
    activity_read BIGINT NOT NULL CHECK (activity_read IN (0, 1))
);

-- clustered
CREATE TABLE profiles (
    account BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    account_type TEXT COLLATE "C" NOT NULL,
    account_status TEXT COLLATE "C",
    claimed TEXT COLLATE "C",
    management TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    nickname TEXT COLLATE "C",
    email TEXT COLLATE "C",
    email_verified BIGINT CHECK (email_verified IN (0, 1)),
    mfa_enabled BIGINT CHECK (mfa_enabled IN (0, 1)),
    added_at BIGINT,
    deactivated_at BIGINT,
    job_title TEXT COLLATE "C",
    department TEXT COLLATE "C",
    organization TEXT COLLATE "C",
    location TEXT COLLATE "C",
    time_zone TEXT COLLATE "C",
    picture TEXT COLLATE "C",
    unknown TEXT COLLATE "C",
    PRIMARY KEY (account, since)
);

-- clustered
CREATE TABLE presence (
    account BIGINT NOT NULL,
    directory BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    membership TEXT COLLATE "C",
    status TEXT COLLATE "C",
    PRIMARY KEY (account, directory, since)
);

-- clustered
CREATE TABLE platform_roles (
    account BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (account, role, since)
);

CREATE TABLE groups (
    ordinal BIGINT PRIMARY KEY,
    group_id TEXT COLLATE "C" NOT NULL UNIQUE,
    directory BIGINT,
    since BIGINT NOT NULL,
    counted_users BIGINT,
    counted_resources BIGINT,
    known_offset BIGINT
);

-- clustered
CREATE TABLE group_versions (
    grp BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    synced BIGINT CHECK (synced IN (0, 1)),
    managed_by TEXT COLLATE "C",
    modifiable BIGINT CHECK (modifiable IN (0, 1)),
    deletable BIGINT CHECK (deletable IN (0, 1)),
    unknown TEXT COLLATE "C",
    PRIMARY KEY (grp, since)
);

-- clustered
CREATE TABLE memberships (
    account BIGINT NOT NULL,
    grp BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (account, grp, since)
);

CREATE INDEX memberships_of_group ON memberships (grp, account, since);

-- clustered
CREATE TABLE grants (
    grp BIGINT NOT NULL,
    resource BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (grp, resource, role, is_default, since)
);

-- clustered
CREATE TABLE direct_roles (
    account BIGINT NOT NULL,
    resource BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (account, resource, role, method, since)
);

-- clustered
CREATE TABLE activity (
    account BIGINT NOT NULL,
    resource BIGINT NOT NULL,
    active_at BIGINT NOT NULL,
    PRIMARY KEY (account, resource)
);

-- clustered
CREATE TABLE activity_days (
    resource BIGINT NOT NULL,
    day BIGINT NOT NULL,
    accounts BYTEA NOT NULL,
    PRIMARY KEY (resource, day)
);

CREATE TABLE runs (
    id TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('initial', 'daily', 'manual', 'browser')),
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
    groups_seen BIGINT NOT NULL,
    groups_expected BIGINT,
    requests BIGINT NOT NULL,
    requests_floor BIGINT,
    waited_microseconds BIGINT NOT NULL,
    waiting_until BIGINT,
    waiting_for TEXT COLLATE "C",
    failure TEXT COLLATE "C",
    counts TEXT COLLATE "C"
);

CREATE INDEX runs_by_state ON runs (state, number);

-- clustered
CREATE TABLE chains (
    run_id TEXT COLLATE "C" NOT NULL,
    chain TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('walking', 'complete', 'partial')),
    next_cursor TEXT COLLATE "C",
    pages BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    expected_before BIGINT,
    expected_after BIGINT,
    asked_from BIGINT,
    asked_to BIGINT,
    reason TEXT COLLATE "C",
    PRIMARY KEY (run_id, chain)
);

-- clustered
CREATE TABLE residues (
    run_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    entries BYTEA NOT NULL,
    PRIMARY KEY (run_id, seq)
);

-- clustered
CREATE TABLE run_notes (
    run_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('gap', 'quarantined', 'drift', 'warning')),
    subject TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, seq)
);

CREATE TABLE jobs (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('sync')),
    subject TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'dead')),
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    epoch BIGINT,
    lease_number BIGINT,
    lease_until BIGINT,
    failure TEXT COLLATE "C"
);

CREATE INDEX jobs_due ON jobs (state, due_at);

CREATE TABLE request_keys (
    request_key TEXT COLLATE "C" PRIMARY KEY,
    answer TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE quota (
    endpoint TEXT COLLATE "C" PRIMARY KEY,
    limit_per_window BIGINT NOT NULL,
    window_microseconds BIGINT NOT NULL,
    learned_at BIGINT NOT NULL
);

-- clustered
CREATE TABLE events (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    commitment BYTEA NOT NULL,
    hash BYTEA NOT NULL
);

CREATE TABLE event_details (
    seq BIGINT PRIMARY KEY,
    salt BYTEA NOT NULL,
    personal TEXT COLLATE "C" NOT NULL
);
