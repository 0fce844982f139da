-- The secret before the present one, which signs beside it until a moment.
ALTER TABLE endpoints ADD COLUMN before_fingerprint TEXT;
ALTER TABLE endpoints ADD COLUMN before_sealed BYTEA;
ALTER TABLE endpoints ADD COLUMN before_until BIGINT;
