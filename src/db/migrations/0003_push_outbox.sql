-- What connected clients are to be told (model/push_outbox.hpp).
CREATE TABLE push_outbox (
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    receivers LONGTEXT NOT NULL,
    module_id VARCHAR(50) NOT NULL,
    command VARCHAR(100) NOT NULL,
    params LONGTEXT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) {clustered};
CREATE INDEX push_outbox_created_us ON push_outbox (created_us);
