-- What an operation was agreed on besides its plan: to be tried on its first rows, and until when the access that it gives
-- is given. `taken_back` is the operation that takes it back; `settled` says why there is none.

CREATE TABLE operation_terms (
    operation BIGINT PRIMARY KEY,
    trial BIGINT,
    trial_stage TEXT COLLATE "C" CHECK (trial_stage IN ('under_way', 'over', 'passed')),
    until BIGINT,
    taken_back TEXT COLLATE "C",
    settled TEXT COLLATE "C"
);

CREATE INDEX operation_terms_until ON operation_terms (until);

-- What became different of an operation's rows when its plan was last made again: state and reason before and after; no
-- state where there was no such row.
-- clustered
CREATE TABLE operation_differences (
    operation BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    account BIGINT NOT NULL,
    target BIGINT,
    role TEXT COLLATE "C",
    was TEXT COLLATE "C",
    was_why TEXT COLLATE "C",
    becomes TEXT COLLATE "C",
    becomes_why TEXT COLLATE "C",
    PRIMARY KEY (operation, seq)
);
