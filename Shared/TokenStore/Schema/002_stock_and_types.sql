-- Devices by serial number, equal seeds, ends in the stock, and token types that change.
-- Only adds: workers of the version before go on beside it.

ALTER TABLE token
    -- The vendor's delivery that a device came with.
    ADD COLUMN batch text,
    -- When the device itself ends, whoever holds it.
    ADD COLUMN end_of_life timestamptz;

-- A serial number names one device of a tenant; a tombstone has none.
CREATE UNIQUE INDEX token_serial_key ON token (tenant, serial) WHERE serial IS NOT NULL;

-- For the expiry scanner: what is due in the stock, where no user's shard has it.
CREATE INDEX token_stock_scan_idx ON token (scan_at)
    WHERE user_key IS NULL AND status = 5 AND scan_at IS NOT NULL;

-- For the sweep over a type's tokens after a change of the type.
CREATE INDEX token_type_idx ON token (tenant, type_name, token_id) WHERE status IN (0, 1, 2, 5);

-- Keyed digest that tells equal seeds of a tenant; null in rows of the version before.
ALTER TABLE token_secret ADD COLUMN seed_digest bytea;
CREATE UNIQUE INDEX token_secret_digest_key ON token_secret (seed_digest);

ALTER TABLE token_type
    -- When a change asked for a look at every token of the type; null: none is owed.
    ADD COLUMN sweep_asked_at timestamptz,
    -- Transactions below it may have begun with the type as it was; null: nobody has noted the change yet.
    ADD COLUMN sweep_horizon xid8,
    -- 1: the first pass over the tokens, begun at once; 2: the last one, begun when nothing below the horizon ran.
    ADD COLUMN sweep_pass smallint NOT NULL DEFAULT 0,
    -- The last token that the pass has come to; null: it has not begun.
    ADD COLUMN sweep_position uuid;

CREATE INDEX token_type_sweep_idx ON token_type (sweep_asked_at) WHERE sweep_asked_at IS NOT NULL;
