-- Which records were made as demo data, in the order they were made, so that exactly those can be removed again.
CREATE TABLE demo_records (
    account_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    entity VARCHAR(64) NOT NULL,
    record_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, position)
) {clustered};
