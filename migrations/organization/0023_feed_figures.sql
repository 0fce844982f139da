-- What a run is compared with lies beside records and people, so that a million of them are looked through without their
-- texts; and what a sender has said of a file beside the file.

CREATE INDEX feed_records_compared ON feed_records (feed, account, in_feed, try_again, raw_digest, digest);

CREATE INDEX feed_people_compared ON feed_people (account, username_key, email_key, state);

-- Hardly anybody is to be blocked.
DROP INDEX feed_people_block;

CREATE INDEX feed_people_block ON feed_people (block_at) WHERE block_at IS NOT NULL;

ALTER TABLE feed_files ADD COLUMN expected_rows BIGINT;

ALTER TABLE feed_files ADD COLUMN generated_at BIGINT;
