-- What a migration of tomorrow may do to tables that the workers of today use.
ALTER TABLE token ADD COLUMN of_tomorrow text;
ALTER TABLE challenge ADD COLUMN of_tomorrow integer NOT NULL DEFAULT 0;
ALTER TABLE user_state ADD COLUMN of_tomorrow text;
ALTER TABLE lane ADD COLUMN of_tomorrow timestamptz;
ALTER TABLE inbox ADD COLUMN of_tomorrow text;
ALTER TABLE audit_log ADD COLUMN of_tomorrow text;
ALTER TABLE delivery ADD COLUMN of_tomorrow text;
CREATE TABLE tomorrow (id bigint PRIMARY KEY);
INSERT INTO schema_migration (number, name, checksum) VALUES (999, 'tomorrow', '');
