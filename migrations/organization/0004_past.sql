-- What a question about a past day needs beside the rows that carry their generations already: names of directories and
-- resources, since when activity was read, which day of activity was the last one as of a generation, and the generation
-- that last changed anything of an account.

-- clustered
CREATE TABLE directory_versions (
    directory BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (directory, since)
);

INSERT INTO directory_versions (directory, since, until, name)
SELECT ordinal, since, 9223372036854775807, name FROM directories;

-- clustered
CREATE TABLE resource_versions (
    resource BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    name TEXT COLLATE "C",
    host_url TEXT COLLATE "C",
    status TEXT COLLATE "C",
    capacity BIGINT,
    PRIMARY KEY (resource, since)
);

INSERT INTO resource_versions (resource, since, until, name, host_url, status, capacity)
SELECT ordinal, since, 9223372036854775807, name, host_url, status, capacity FROM resources;

-- The generation that first read an account's activity; none while it was not read. Of what was read before this column
-- was there, the generation is not known, and taken to be the one that brought the account.
ALTER TABLE accounts ADD COLUMN activity_since BIGINT;

UPDATE accounts SET activity_since = since WHERE activity_read = 1;

ALTER TABLE accounts DROP COLUMN activity_read;

-- Accounts whose last activity on a resource moved to this day by this generation; the day -9223372036854775808 is none
-- any more. As of a generation, the newest row up to it that holds an account tells its day.
-- clustered
CREATE TABLE activity_days_next (
    resource BIGINT NOT NULL,
    since BIGINT NOT NULL,
    day BIGINT NOT NULL,
    accounts BYTEA NOT NULL,
    PRIMARY KEY (resource, since, day)
);

-- Days that were kept before have no generation: the first one that was sealed after the day had begun.
INSERT INTO activity_days_next (resource, since, day, accounts)
SELECT resource,
    COALESCE((SELECT min(generation) FROM generations WHERE sealed_at >= day * 86400000000),
        (SELECT max(generation) FROM generations), 1),
    day, accounts
FROM activity_days;

DROP TABLE activity_days;

ALTER TABLE activity_days_next RENAME TO activity_days;

-- The generation that last changed anything of an account but its activity.
-- clustered
CREATE TABLE last_changes (
    account BIGINT PRIMARY KEY,
    generation BIGINT NOT NULL
);

INSERT INTO last_changes (account, generation)
SELECT account, max(turned)
FROM (
    SELECT ordinal AS account, since AS turned FROM accounts
    UNION ALL
    SELECT account, CASE WHEN until < 9223372036854775807 THEN until ELSE since END AS turned FROM profiles
    UNION ALL
    SELECT account, CASE WHEN until < 9223372036854775807 THEN until ELSE since END AS turned FROM presence
    UNION ALL
    SELECT account, CASE WHEN until < 9223372036854775807 THEN until ELSE since END AS turned FROM platform_roles
    UNION ALL
    SELECT account, CASE WHEN until < 9223372036854775807 THEN until ELSE since END AS turned FROM memberships
    UNION ALL
    SELECT account, CASE WHEN until < 9223372036854775807 THEN until ELSE since END AS turned FROM direct_roles
) AS turns
GROUP BY account;
