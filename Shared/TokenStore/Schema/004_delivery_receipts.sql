-- What providers tell of messages after they took them, and how often messages to a number's prefix led to a
-- verification. Only adds: workers of the version before go on beside it.

-- When a receipt ended what the row calls sent; then `state` says how.
ALTER TABLE delivery ADD COLUMN receipt_at timestamptz;

-- A message as its provider names it: one row for each part of a long SMS. Kept while receipts may come.
CREATE TABLE delivery_receipt (
    provider text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    notification_id uuid NOT NULL,
    -- As in `delivery`: 1 sent, 2 delivered, 3 failed.
    state smallint NOT NULL,
    -- What the event of the receipt has to say beside it.
    subject bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (provider, message_id)
);

CREATE INDEX delivery_receipt_notification_idx ON delivery_receipt (notification_id);
CREATE INDEX delivery_receipt_sent_idx ON delivery_receipt (sent_at);

-- The prefix of the number that an OTP went to by SMS.
ALTER TABLE challenge ADD COLUMN sms_prefix text COLLATE "C";

-- OTP messages by SMS and those that were verified, by the time of sending. A row belongs to one lane, so that nobody
-- waits for another to count; the prefix '' stands for all of the tenant.
CREATE TABLE otp_conversion (
    tenant text COLLATE "C" NOT NULL,
    prefix text COLLATE "C" NOT NULL,
    bucket timestamptz NOT NULL,
    lane_id integer NOT NULL,
    sent integer NOT NULL,
    verified integer NOT NULL,
    PRIMARY KEY (tenant, prefix, bucket, lane_id)
) WITH (fillfactor = 70);

CREATE INDEX otp_conversion_bucket_idx ON otp_conversion (bucket);
