-- Jira's user webhooks: where a site tells of users at once, what came, and whom to read again because of it.

CREATE TABLE site_hooks (
    id TEXT COLLATE "C" PRIMARY KEY,
    site TEXT COLLATE "C" NOT NULL UNIQUE,
    key_fingerprint TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    received BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    received_at BIGINT
);

-- A message is known by its identifier for a day, because it may come twice.
-- clustered
CREATE TABLE site_hook_messages (
    hook TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (hook, message)
);

CREATE INDEX site_hook_messages_at ON site_hook_messages (at);

CREATE TABLE site_touched (
    site TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (site, account_id)
);
