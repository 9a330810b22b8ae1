-- The token schema. Times are timestamptz, all logic in UTC; ids are UUID version 7 made by the workers.
-- user_key is the first 16 bytes of SHA-256(tenant || 0 || user_id): one short array finds a batch's users.
-- Status, kind, purpose and state are small numbers; their meaning is in Codes.swift.

CREATE TABLE tenant (
    name text COLLATE "C" PRIMARY KEY,
    -- Grows with each change of a token type, so that workers know when to read the catalogue again.
    catalogue_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_name_check CHECK (name ~ '^[a-z0-9-]{1,63}$')
);

CREATE TABLE token_type (
    tenant text COLLATE "C" NOT NULL REFERENCES tenant,
    name text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    hardware boolean NOT NULL,
    names jsonb NOT NULL,
    -- Only what the administrator set; the defaults are the code's.
    policy jsonb NOT NULL DEFAULT '{}',
    retired_at timestamptz,
    PRIMARY KEY (tenant, name)
);

-- Serialises a user: every decision about the user's tokens holds this row's lock.
CREATE TABLE user_state (
    user_key uuid PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    consecutive_failures integer NOT NULL DEFAULT 0,
    lock_level integer NOT NULL DEFAULT 0,
    locked_until timestamptz
) WITH (fillfactor = 85);

CREATE TABLE user_contact (
    user_key uuid PRIMARY KEY,
    phone text,
    email text,
    locale text,
    display_name text,
    revision bigint NOT NULL
) WITH (fillfactor = 85);

CREATE TABLE token (
    token_id uuid PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    user_key uuid,
    user_id text COLLATE "C",
    type_name text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    hardware boolean NOT NULL,
    status smallint NOT NULL,
    status_reason text,
    description text,
    channel smallint,
    address text,
    pending_address text,
    serial text COLLATE "C",
    manufacturer text,
    model text,
    algorithm smallint,
    digits smallint,
    period smallint,
    moving_factor bigint,
    drift integer,
    -- Digests of unused recovery codes, one after the other; the digits column tells their length.
    recovery_digests bytea,
    failures integer NOT NULL DEFAULT 0,
    reset_failures integer NOT NULL DEFAULT 0,
    consecutive_failures integer NOT NULL DEFAULT 0,
    lock_level integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    created_at timestamptz NOT NULL,
    activated_at timestamptz,
    updated_at timestamptz NOT NULL,
    last_used_at timestamptz,
    expires_at timestamptz,
    activate_before timestamptz,
    -- When the expiry scanner has to look at the token next; null: never.
    scan_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT token_owner_check CHECK ((user_key IS NULL) = (user_id IS NULL)),
    CONSTRAINT token_moving_factor_check CHECK (moving_factor >= 0)
) WITH (fillfactor = 85);

-- No indexed column changes when an OTP is verified, so that those updates stay within their page (HOT).
CREATE INDEX token_user_idx ON token (user_key) WHERE status <> 6;
CREATE INDEX token_tenant_idx ON token (tenant, token_id) WHERE status <> 6;
-- By the scanner's shard first: what is due in other shards is not looked at.
CREATE INDEX token_scan_idx ON token ((get_byte(uuid_send(user_key), 0) & 15), scan_at)
    WHERE status < 3 AND scan_at IS NOT NULL;

-- AES-256 keys for seeds, each wrapped by a key-encryption key of ring kek.
CREATE TABLE data_key (
    data_key_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wrapping_kid text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE token_secret (
    token_id uuid PRIMARY KEY REFERENCES token,
    sealed bytea NOT NULL
);

-- OTPs that were sent: keyed digests, never values.
CREATE TABLE challenge (
    challenge_id uuid PRIMARY KEY,
    token_id uuid NOT NULL,
    user_key uuid NOT NULL,
    purpose smallint NOT NULL,
    state smallint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    digits smallint NOT NULL,
    current_digest bytea NOT NULL,
    -- One after the other, each of the current one's length.
    replaced_digests bytea NOT NULL,
    sends smallint NOT NULL,
    last_sent_at timestamptz NOT NULL,
    notification_id uuid NOT NULL,
    reference text,
    context_digest bytea,
    attempts smallint NOT NULL
) WITH (fillfactor = 85);

CREATE INDEX challenge_user_idx ON challenge (user_key);
CREATE INDEX challenge_expires_idx ON challenge (expires_at);

-- One row for each limit's scope that a sent OTP message counts for.
CREATE TABLE otp_send (
    scope_key uuid NOT NULL,
    sent_at timestamptz NOT NULL
);

CREATE INDEX otp_send_scope_idx ON otp_send (scope_key, sent_at);
-- No BRIN: housekeeping frees pages all over, and new rows fill them.
CREATE INDEX otp_send_sent_idx ON otp_send (sent_at);

-- The key of a sending limit's scope; StoreKeys.scope computes the same.
CREATE FUNCTION otp_scope_key(scope text, value text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(
        substring(sha256(convert_to(scope, 'UTF8') || '\x00'::bytea || convert_to(value, 'UTF8')) FOR 16), 'hex'
    )::uuid
$$;

-- The addresses that OTPs of these users can go to.
CREATE FUNCTION user_addresses(user_keys uuid[]) RETURNS TABLE (address text) LANGUAGE sql STABLE AS $$
    SELECT t.address FROM token t WHERE t.user_key = ANY (user_keys) AND t.status <> 6 AND t.address IS NOT NULL
    UNION
    SELECT t.pending_address FROM token t
    WHERE t.user_key = ANY (user_keys) AND t.status <> 6 AND t.pending_address IS NOT NULL
    UNION
    SELECT c.phone FROM user_contact c WHERE c.user_key = ANY (user_keys) AND c.phone IS NOT NULL
    UNION
    SELECT c.email FROM user_contact c WHERE c.user_key = ANY (user_keys) AND c.email IS NOT NULL
$$;

-- A notification is claimed here before it is sent, and its outcome is recorded.
CREATE TABLE delivery (
    notification_id uuid PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    state smallint NOT NULL,
    code text,
    claimed_at timestamptz NOT NULL,
    claim uuid NOT NULL,
    finished_at timestamptz
) WITH (fillfactor = 70);

CREATE INDEX delivery_claimed_idx ON delivery (claimed_at);

-- Which notice of a token's end was given: once for each mark, and anew where the end was moved.
CREATE TABLE expiry_notice (
    token_id uuid NOT NULL,
    days integer NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (token_id, days, expires_at)
);

CREATE INDEX expiry_notice_expires_idx ON expiry_notice (expires_at);

-- A numbered source of work: a partition of a topic, or a shard of the scanner. The row is the truth about who works
-- on it and how far it is.
CREATE TABLE lane (
    lane_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    -- Who owns the lane: a takeover raises it, a batch under an older one rolls back.
    epoch bigint NOT NULL DEFAULT 0,
    batch_seq bigint NOT NULL DEFAULT 0,
    -- The highest batch that is acknowledged whole, with all before it.
    answered_through bigint NOT NULL DEFAULT 0,
    -- Where a takeover begins to look for what has to be sent again.
    unanswered_since timestamptz,
    next_offset bigint NOT NULL DEFAULT 0,
    -- Fingerprint of the record at next_offset - 1: recognises a re-created topic.
    last_record uuid,
    -- Time never goes back within a lane.
    last_at timestamptz NOT NULL DEFAULT '1970-01-01Z',
    audit_seq bigint NOT NULL DEFAULT 0,
    audit_hash bytea NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',
    CONSTRAINT lane_topic_partition_key UNIQUE (topic, partition)
) WITH (fillfactor = 50);

-- Inbox and outbox in one: each command's identity with the messages that it gave rise to.
CREATE TABLE inbox (
    key uuid NOT NULL,
    lane_id integer NOT NULL,
    batch_seq bigint NOT NULL,
    position integer NOT NULL,
    received_at timestamptz NOT NULL,
    fingerprint bytea NOT NULL,
    messages bytea NOT NULL
) PARTITION BY RANGE (received_at);

CREATE INDEX inbox_received_idx ON inbox USING brin (received_at) WITH (pages_per_range = 16);

-- Append-only; a hash chain for each lane, so that no chain is a bottleneck.
CREATE TABLE audit_log (
    lane_id integer NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    user_id text COLLATE "C",
    command text NOT NULL,
    command_key uuid NOT NULL,
    outcome text NOT NULL,
    token_ids uuid[] NOT NULL,
    auth_id text,
    reason text,
    hash bytea NOT NULL
) PARTITION BY RANGE (at);

CREATE INDEX audit_log_lane_idx ON audit_log (lane_id, seq);
CREATE INDEX audit_log_tenant_idx ON audit_log USING brin (at);

CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT;
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;
CREATE UNIQUE INDEX inbox_default_key ON inbox_default (key);

-- Makes the inbox's partitions of a day and the next two; the default partition serves where none was made in time.
-- Both functions lock the whole inbox for a moment: they give up (55P03) rather than have batches queue behind them.
CREATE FUNCTION inbox_partitions_ahead(today date) RETURNS void LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    day date;
    partition_name text;
BEGIN
    PERFORM pg_advisory_xact_lock(7310868735421905012);
    FOR day IN SELECT generate_series(today, today + 2, interval '1 day')::date LOOP
        partition_name := 'inbox_' || to_char(day, 'YYYYMMDD');
        IF to_regclass(partition_name) IS NULL
            AND NOT EXISTS (
                SELECT FROM inbox_default
                WHERE received_at >= day::timestamp AT TIME ZONE 'UTC'
                    AND received_at < (day + 1)::timestamp AT TIME ZONE 'UTC'
            )
        THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF inbox FOR VALUES FROM (%L) TO (%L)',
                partition_name, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
            );
            EXECUTE format('CREATE UNIQUE INDEX %I ON %I (key)', partition_name || '_key', partition_name);
        END IF;
    END LOOP;
END
$$;

-- Drops the inbox's partitions that ended before `keep_from`, unless a lane still owes answers from them.
-- Returns the partitions that were due but had to stay.
CREATE FUNCTION inbox_partitions_retire(keep_from timestamptz) RETURNS integer LANGUAGE plpgsql
SET lock_timeout = '1s' AS $$
DECLARE
    partition_name text;
    upper_bound timestamptz;
    owed_since timestamptz;
    kept integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7310868735421905012);
    FOR partition_name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'inbox'::regclass AND c.relname ~ '^inbox_[0-9]{8}$'
        ORDER BY c.relname
    LOOP
        upper_bound := (to_date(right(partition_name, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC';
        CONTINUE WHEN upper_bound > keep_from;
        SELECT min(unanswered_since) INTO owed_since FROM lane WHERE answered_through < batch_seq;
        IF owed_since < upper_bound THEN
            kept := kept + 1;
        ELSE
            EXECUTE format('DROP TABLE %I', partition_name);
        END IF;
    END LOOP;
    DELETE FROM inbox_default WHERE received_at < keep_from
        AND received_at < coalesce((SELECT min(unanswered_since) FROM lane WHERE answered_through < batch_seq), 'infinity');
    RETURN kept;
END
$$;

SELECT inbox_partitions_ahead((now() AT TIME ZONE 'UTC')::date);
