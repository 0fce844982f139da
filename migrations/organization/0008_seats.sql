-- What each day leaves behind of its seats, and what a seat costs. `day` counts from 1970 in the organization's time
-- zone; the last generation of a day stays. `amount` is in thousandths of the currency's unit; a price whose `site` is
-- empty holds for every site of the app that has none of its own.

CREATE TABLE seat_days (
    day BIGINT PRIMARY KEY,
    generation BIGINT NOT NULL,
    sealed_at BIGINT NOT NULL,
    present BIGINT NOT NULL,
    groups BIGINT NOT NULL,
    seats BYTEA NOT NULL
);

CREATE TABLE seat_prices (
    app TEXT COLLATE "C" NOT NULL,
    site TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    currency TEXT COLLATE "C" NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (app, site)
);
