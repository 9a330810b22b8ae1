-- The audit trail: whole partitions by month, append-only for everybody, and verifiable after old months are gone.
-- Only adds: workers of the version before go on beside it.

-- The last row of a lane that was removed with its partition: where the lane's chain now begins.
CREATE TABLE audit_anchor (
    lane_id integer PRIMARY KEY,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    hash bytea NOT NULL
);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit rows are neither changed nor removed' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();

-- Makes the partitions of a day's month and the next one; the default partition serves where none was made in time.
-- Gives up (55P03) rather than have batches queue behind it.
CREATE FUNCTION audit_partitions_ahead(today date) RETURNS void LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    month date;
    partition_name text;
BEGIN
    PERFORM pg_advisory_xact_lock(7310868735421905014);
    FOR month IN SELECT generate_series(date_trunc('month', today), date_trunc('month', today) + interval '1 month', '1 month')::date
    LOOP
        partition_name := 'audit_log_' || to_char(month, 'YYYYMM');
        IF to_regclass(partition_name) IS NULL
            AND NOT EXISTS (
                SELECT FROM audit_log_default
                WHERE at >= month::timestamp AT TIME ZONE 'UTC'
                    AND at < (month + interval '1 month')::timestamp AT TIME ZONE 'UTC'
            )
        THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF audit_log FOR VALUES FROM (%L) TO (%L)',
                partition_name, month::timestamp AT TIME ZONE 'UTC',
                (month + interval '1 month')::timestamp AT TIME ZONE 'UTC'
            );
        END IF;
    END LOOP;
END
$$;

-- Removes the months that ended before `keep_from`, and remembers where each lane's chain goes on.
-- Rows of a lane are in the order of time, so that what is removed is always the beginning of a chain.
CREATE FUNCTION audit_partitions_retire(keep_from timestamptz) RETURNS integer LANGUAGE plpgsql
SET lock_timeout = '5s' AS $$
DECLARE
    partition_name text;
    upper_bound timestamptz;
    removed integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7310868735421905014);
    FOR partition_name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit_log'::regclass AND c.relname ~ '^audit_log_[0-9]{6}$'
        ORDER BY c.relname
    LOOP
        upper_bound := (to_date(right(partition_name, 6), 'YYYYMM') + interval '1 month')::timestamp AT TIME ZONE 'UTC';
        EXIT WHEN upper_bound > keep_from;
        INSERT INTO audit_anchor (lane_id, seq, at, hash)
        SELECT DISTINCT ON (lane_id) lane_id, seq, at, hash FROM audit_log WHERE at < upper_bound
        ORDER BY lane_id, seq DESC
        ON CONFLICT (lane_id) DO UPDATE SET seq = excluded.seq, at = excluded.at, hash = excluded.hash
        WHERE audit_anchor.seq < excluded.seq;
        EXECUTE format('DROP TABLE %I', partition_name);
        IF EXISTS (SELECT FROM audit_log_default WHERE at < upper_bound) THEN
            ALTER TABLE audit_log_default DISABLE TRIGGER audit_log_append_only;
            DELETE FROM audit_log_default WHERE at < upper_bound;
            ALTER TABLE audit_log_default ENABLE TRIGGER audit_log_append_only;
        END IF;
        removed := removed + 1;
    END LOOP;
    RETURN removed;
END
$$;

SELECT audit_partitions_ahead((now() AT TIME ZONE 'UTC')::date);

-- Partitions are made and dropped by functions that run as the schema's owner: a worker's role needs no right to do it
-- by hand. The audit's retention is the owner's alone.
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'inbox_partitions_ahead(date)', 'inbox_partitions_retire(timestamptz)', 'audit_partitions_ahead(date)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = %I, pg_temp', signature, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
    REVOKE ALL ON FUNCTION audit_partitions_retire(timestamptz) FROM PUBLIC;
END
$$;
