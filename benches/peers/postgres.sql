-- The reserve transaction in PostgreSQL: an insert that a repeat does not do twice, and an update that
-- takes the money only where there is enough. Both commit or neither does.

CREATE TABLE quota (
    id integer PRIMARY KEY,
    issued bigint NOT NULL,
    reserved bigint NOT NULL DEFAULT 0,
    CHECK (reserved BETWEEN 0 AND issued)
) WITH (fillfactor = 50);

CREATE TABLE payment (
    id bigint PRIMARY KEY,
    quota integer NOT NULL,
    amount bigint NOT NULL,
    taken boolean NOT NULL
);

-- 0: reserved; 1: refused, and its id has ended; 2: known before.
CREATE FUNCTION reserve(payment_id bigint, quota_id integer, fen bigint) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO payment VALUES (payment_id, quota_id, fen, true) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 2;
    END IF;
    UPDATE quota SET reserved = reserved + fen WHERE id = quota_id AND issued - reserved >= fen;
    IF NOT FOUND THEN
        UPDATE payment SET taken = false WHERE id = payment_id;
        RETURN 1;
    END IF;
    RETURN 0;
END $$;

-- The same for many payments in one transaction. The quotas are drawn here, which saves the client and
-- the wire their part. They are taken in order, so that two calls never wait for each other in a circle.
CREATE FUNCTION reserve_many(first_id bigint, payments integer, skew text, quotas integer, fen bigint)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    drawn integer;
    next_id bigint := first_id;
    reserved_now integer := 0;
BEGIN
    FOR drawn IN
        SELECT CASE skew
            WHEN 'uniform' THEN floor(random() * quotas)::integer
            WHEN 'zipf' THEN round(power(
                power(0.5, -0.1) + random() * (power(quotas + 0.5, -0.1) - power(0.5, -0.1)), -10
            ))::integer - 1
            ELSE 0
        END
        FROM generate_series(1, payments) ORDER BY 1
    LOOP
        IF reserve(next_id, drawn, fen) = 0 THEN
            reserved_now := reserved_now + 1;
        END IF;
        next_id := next_id + 1;
    END LOOP;
    RETURN reserved_now;
END $$;
