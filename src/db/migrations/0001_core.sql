-- Ids counted per account; the next one is taken in the transaction that uses it.
CREATE TABLE sequences (
    account_id BIGINT NOT NULL,
    name VARCHAR(100) NOT NULL,
    next_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, name)
) {clustered};

-- One row per committed request: asked again, the stored answer is given (see README).
CREATE TABLE receipts (
    account_id BIGINT NOT NULL,
    request_key VARCHAR(300) NOT NULL,
    digest VARCHAR(100) NOT NULL,
    answer LONGBLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, request_key)
) {clustered};
CREATE INDEX receipts_created_at ON receipts (created_at);

-- Events that leave only after their transaction committed.
CREATE TABLE outbox (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name VARCHAR(100) NOT NULL,
    payload LONGTEXT NOT NULL,
    user_id BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) {clustered};
