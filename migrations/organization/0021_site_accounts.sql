-- What the sites themselves list: the users of their Jira, the customers of their service desks, the organizations that
-- service desks put customers into. A row carries for each kind of list the number of the reading of its site that found
-- it there; 0 is on none.

-- clustered
CREATE TABLE site_accounts (
    site TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('atlassian', 'app', 'customer', 'unknown')),
    name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C",
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    in_users BIGINT NOT NULL,
    in_desks BIGINT NOT NULL,
    in_organizations BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    gone_at BIGINT,
    PRIMARY KEY (site, account_id)
);

CREATE INDEX site_accounts_account ON site_accounts (account_id);

CREATE TABLE customer_organizations (
    site TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    seen BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    gone_at BIGINT,
    PRIMARY KEY (site, id)
);

-- clustered
CREATE TABLE customer_memberships (
    site TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    organization TEXT COLLATE "C" NOT NULL,
    seen BIGINT NOT NULL,
    PRIMARY KEY (site, account_id, organization)
);

CREATE INDEX customer_memberships_organization ON customer_memberships (site, organization);

-- One row per reading of a site. Whoever carries it out holds its fence: a number that each taking up raises.
CREATE TABLE site_readings (
    site TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    run TEXT COLLATE "C",
    asked_by TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('reading', 'complete', 'partial', 'abandoned')),
    users_state TEXT COLLATE "C" NOT NULL CHECK (users_state IN ('unread', 'partial', 'complete')),
    desks_state TEXT COLLATE "C" NOT NULL CHECK (desks_state IN ('unread', 'partial', 'complete')),
    organizations_state TEXT COLLATE "C" NOT NULL CHECK (organizations_state IN ('unread', 'partial', 'complete')),
    users BIGINT NOT NULL,
    customers BIGINT NOT NULL,
    organizations BIGINT NOT NULL,
    gone BIGINT NOT NULL,
    unreadable BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    reason TEXT COLLATE "C",
    PRIMARY KEY (site, number)
);

CREATE INDEX site_readings_run ON site_readings (run);

-- Where the lists of a reading stand that is under way; dropped at its end.
CREATE TABLE site_lists (
    site TEXT COLLATE "C" NOT NULL,
    list TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('walking', 'complete', 'failed')),
    next_start BIGINT NOT NULL,
    found BIGINT NOT NULL,
    reason TEXT COLLATE "C",
    PRIMARY KEY (site, list)
);
