-- People and groups that nothing of Rollcall may touch, by Atlassian's id, so that protection outlasts their absence.

CREATE TABLE protected (
    subject TEXT COLLATE "C" NOT NULL CHECK (subject IN ('person', 'group')),
    id TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    added_by TEXT COLLATE "C" NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (subject, id)
);
