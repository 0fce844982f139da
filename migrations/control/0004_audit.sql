-- Personal parts of events are sealed with a key of the person they are of. Deleting the key erases them; what is sealed
-- stays, because the hash covers it. Events of form 1, from before, keep their part and salt in event_details.
ALTER TABLE events ADD COLUMN form BIGINT NOT NULL DEFAULT 1;

CREATE TABLE event_parts (
    seq BIGINT NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (seq, person)
);

CREATE TABLE person_keys (
    person TEXT COLLATE "C" PRIMARY KEY,
    secret BYTEA NOT NULL
);

CREATE INDEX events_by_kind ON events (kind, seq);
CREATE INDEX events_by_actor ON events (actor, seq);
CREATE INDEX events_by_subject ON events (subject, seq);
