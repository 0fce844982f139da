-- Where notices go: webhooks. Removed ones stay, without their secret, for the log of deliveries.
CREATE TABLE endpoints (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    style TEXT NOT NULL,
    events TEXT NOT NULL,
    key_days TEXT NOT NULL,
    notes TEXT NOT NULL,
    active BIGINT NOT NULL,
    key_fingerprint TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    version BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    dead_in_a_row BIGINT NOT NULL,
    switched_off_at BIGINT,
    switched_off_why TEXT,
    removed_at BIGINT
);

-- Who changed an endpoint, when, to what; the secret is in no version.
CREATE TABLE endpoint_versions (
    endpoint TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (endpoint, version)
);

-- The mail server: one row.
CREATE TABLE mail_server (
    id BIGINT PRIMARY KEY,
    host TEXT NOT NULL,
    port BIGINT NOT NULL,
    security TEXT NOT NULL,
    username TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- What happened and is to be told, written by the transaction of the fact.
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    subject TEXT NOT NULL,
    page TEXT NOT NULL,
    data TEXT NOT NULL
);

-- One for each notice and receiver, in the order of their places.
CREATE TABLE deliveries (
    place BIGINT PRIMARY KEY,
    id TEXT NOT NULL,
    notice TEXT NOT NULL,
    receiver TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    epoch BIGINT,
    lease_number BIGINT,
    lease_until BIGINT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX deliveries_id ON deliveries (id);
CREATE INDEX deliveries_open ON deliveries (state, due_at);
CREATE INDEX deliveries_receiver ON deliveries (receiver, subject, state, place);

-- What was answered, attempt by attempt.
CREATE TABLE delivery_attempts (
    delivery TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
);

-- Of which keys a receiver was told how many days ahead.
CREATE TABLE key_notices (
    receiver TEXT NOT NULL,
    key_id TEXT NOT NULL,
    days BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    PRIMARY KEY (receiver, key_id, days)
);
