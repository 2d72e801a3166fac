-- Values that applications keep: for themselves (user_id 0) or per user. client_id is empty for webhooks and sessions.
CREATE TABLE app_options (
    account_id BIGINT NOT NULL,
    client_id VARCHAR(64) NOT NULL,
    user_id BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    value_json TEXT NOT NULL,
    PRIMARY KEY (account_id, client_id, user_id, name)
) {clustered};
