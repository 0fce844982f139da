-- Mirrored people who may enter, each tied to an account, and the one-time links by which they come. Administrators
-- without a row in admissions were made at set-up.

CREATE TABLE admissions (
    administrator TEXT COLLATE "C" PRIMARY KEY,
    organization TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    admitted_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_for TEXT COLLATE "C",
    UNIQUE (organization, account_id)
);

CREATE TABLE invitations (
    token_hash BYTEA PRIMARY KEY,
    organization TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
