-- Since when a run waits without having read anything in between.
ALTER TABLE runs ADD COLUMN waiting_since BIGINT;
