-- What concerns the installation: its organizations, who signs in, sessions, its own audit chain.

CREATE TABLE head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    event_seq BIGINT NOT NULL,
    event_hash BYTEA
);

INSERT INTO head (id, event_seq, event_hash) VALUES (1, 0, NULL);

CREATE TABLE organizations (
    id TEXT COLLATE "C" PRIMARY KEY,
    atlassian_id TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    base_url TEXT COLLATE "C" NOT NULL,
    time_zone TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE administrators (
    id TEXT COLLATE "C" PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL,
    username_key TEXT COLLATE "C" NOT NULL UNIQUE,
    password_hash TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    last_sign_in_at BIGINT
);

CREATE TABLE setup_links (
    token_hash BYTEA PRIMARY KEY,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE sessions (
    token_hash BYTEA PRIMARY KEY,
    administrator TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE sign_in_attempts (
    subject TEXT COLLATE "C" PRIMARY KEY,
    failures BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL
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
