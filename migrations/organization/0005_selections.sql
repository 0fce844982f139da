-- Selections of people: all whom a filter finds ('matching'), rows that somebody ticked ('ticked'), a pasted list
-- ('pasted'). `filter` is the one that is meant, or in whose list rows were ticked; `people` holds ordinals of accounts, of
-- all kinds but the first. Those that nobody has kept under a name end by themselves.

CREATE TABLE selections (
    id TEXT COLLATE "C" PRIMARY KEY,
    owner TEXT COLLATE "C" NOT NULL,
    owner_name TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C",
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('matching', 'ticked', 'pasted')),
    filter TEXT COLLATE "C" NOT NULL,
    people BYTEA,
    generation BIGINT NOT NULL,
    people_count BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    ends_at BIGINT,
    CHECK ((kind = 'matching') = (people IS NULL))
);
CREATE INDEX selections_ends_at ON selections (ends_at);
