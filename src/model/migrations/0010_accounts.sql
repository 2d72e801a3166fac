-- The directory of accounts of this store. account_id comes from the store-wide counter in `counters`.
CREATE TABLE accounts (
    account_id BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    url VARCHAR(255) NOT NULL,
    member_id VARCHAR(32) NOT NULL,
    language VARCHAR(8) NOT NULL,
    currency VARCHAR(3) NOT NULL,
    time_zone VARCHAR(64) NOT NULL,
    status VARCHAR(16) NOT NULL,
    is_demo BIGINT NOT NULL,
    first_run BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id)
) {clustered};
CREATE TABLE counters (
    name VARCHAR(64) NOT NULL,
    next_value BIGINT NOT NULL,
    PRIMARY KEY (name)
) {clustered};
