-- Contacts and companies. Both are records; a record that was deleted or merged stays as its number alone, so that numbers
-- stay dense. `version` is that of the write that touched a row last: whoever holds them in memory reads on from there.

CREATE TABLE contact_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL,
    fields_version BIGINT NOT NULL,
    followed TEXT COLLATE "C" NOT NULL
);

INSERT INTO contact_head (id, version, fields_version, followed) VALUES (1, 0, 0, '');

CREATE TABLE contact_records (
    entity TEXT COLLATE "C" NOT NULL CHECK (entity IN ('contact', 'company')),
    number BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('live', 'merged', 'deleted')),
    merged_into BIGINT,
    name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C",
    domains TEXT COLLATE "C" NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    field_values TEXT COLLATE "C" NOT NULL,
    is_user BIGINT NOT NULL CHECK (is_user IN (0, 1)),
    is_customer BIGINT NOT NULL CHECK (is_customer IN (0, 1)),
    status TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (entity, number)
);

CREATE INDEX contact_records_version ON contact_records (version);

-- clustered
CREATE TABLE contact_companies (
    contact BIGINT NOT NULL,
    company BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (contact, company)
);

CREATE INDEX contact_companies_company ON contact_companies (company);

-- An account has at most one contact, whatever its state.
CREATE TABLE contact_identities (
    account_id TEXT COLLATE "C" PRIMARY KEY,
    contact BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('linked', 'former', 'gone')),
    is_user BIGINT NOT NULL CHECK (is_user IN (0, 1)),
    is_customer BIGINT NOT NULL CHECK (is_customer IN (0, 1)),
    name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE INDEX contact_identities_contact ON contact_identities (contact);

CREATE TABLE contact_notes (
    number BIGINT PRIMARY KEY,
    entity TEXT COLLATE "C" NOT NULL CHECK (entity IN ('contact', 'company')),
    owner BIGINT NOT NULL,
    at BIGINT NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL
);

CREATE INDEX contact_notes_owner ON contact_notes (entity, owner);

-- What happened to a record. `told` is one JSON object: what was and what is.
CREATE TABLE contact_history (
    number BIGINT PRIMARY KEY,
    entity TEXT COLLATE "C" NOT NULL CHECK (entity IN ('contact', 'company')),
    owner BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    run BIGINT,
    told TEXT COLLATE "C" NOT NULL
);

CREATE INDEX contact_history_owner ON contact_history (entity, owner);

CREATE TABLE contact_fields (
    number BIGINT PRIMARY KEY,
    entity TEXT COLLATE "C" NOT NULL CHECK (entity IN ('contact', 'company')),
    code TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    choices TEXT COLLATE "C" NOT NULL,
    required BIGINT NOT NULL CHECK (required IN (0, 1)),
    default_value TEXT COLLATE "C",
    section TEXT COLLATE "C" NOT NULL,
    place BIGINT NOT NULL
);

CREATE TABLE contact_runs (
    number BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'running', 'complete', 'cancelled', 'failed')),
    asked_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    heartbeat_at BIGINT,
    generation BIGINT,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    counts TEXT COLLATE "C" NOT NULL,
    task TEXT COLLATE "C" NOT NULL,
    failure TEXT COLLATE "C"
);

CREATE INDEX contact_runs_state ON contact_runs (state);

-- clustered
CREATE TABLE contact_log (
    run BIGINT NOT NULL,
    line BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    contact BIGINT,
    account_id TEXT COLLATE "C",
    text TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run, line)
);

-- One row per address that is or was in conflict. `parties` is what was looked at when it was dismissed.
CREATE TABLE contact_conflicts (
    number BIGINT PRIMARY KEY,
    email_key TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'dismissed', 'over')),
    contacts TEXT COLLATE "C" NOT NULL,
    accounts TEXT COLLATE "C" NOT NULL,
    opened_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    decided_by TEXT COLLATE "C",
    reason TEXT COLLATE "C"
);

CREATE INDEX contact_conflicts_state ON contact_conflicts (state);

-- A file that is being imported: kept while it is looked at, and until its run has ended.
CREATE TABLE contact_imports (
    id TEXT COLLATE "C" PRIMARY KEY,
    at BIGINT NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    file_name TEXT COLLATE "C" NOT NULL,
    meaning TEXT COLLATE "C" NOT NULL,
    packed BYTEA NOT NULL
);

-- What an organization of a service desk's customers is to the companies: one of them, or none on purpose.
CREATE TABLE company_sources (
    site TEXT COLLATE "C" NOT NULL,
    organization TEXT COLLATE "C" NOT NULL,
    company BIGINT,
    name TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C" NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (site, organization)
);

-- A kind of work more.
CREATE TABLE jobs_next (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('sync', 'targeted', 'operation', 'feed', 'contacts')),
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
