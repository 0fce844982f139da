-- What a token may do: read, manage, act. Those there are may do what they could.
ALTER TABLE access_tokens ADD COLUMN reach TEXT NOT NULL DEFAULT 'manage';
