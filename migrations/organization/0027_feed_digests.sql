-- Everybody's digests, packed for the next comparison of a feed. They say what records and people say at one version of
-- them, and are made anew when there is another.

CREATE TABLE feed_digests (
    feed BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    applied_run TEXT COLLATE "C" NOT NULL,
    parts BIGINT NOT NULL,
    group_sizes TEXT COLLATE "C" NOT NULL
);

CREATE TABLE feed_digest_parts (
    feed BIGINT NOT NULL,
    part BIGINT NOT NULL,
    packed BYTEA NOT NULL,
    PRIMARY KEY (feed, part)
);

-- Usernames of one run lie beside each other, so that a night's preview writes few pages of a long list.
DROP INDEX feed_rows_username;

CREATE INDEX feed_rows_run_username ON feed_rows (run, username_key);
