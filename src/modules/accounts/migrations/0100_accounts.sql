-- Who may log in. One row per user; the login is the e-mail in lower case, unique within the account.
CREATE TABLE logins (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    login VARCHAR(255) NOT NULL,
    password_hash VARCHAR(255),
    active BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id)
) {clustered};
CREATE UNIQUE INDEX logins_in_account ON logins (account_id, login);
CREATE INDEX logins_by_login ON logins (login);

-- Browser sessions by the hash of their cookie.
CREATE TABLE sessions (
    cookie_hash VARCHAR(64) NOT NULL,
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    remote_address VARCHAR(64) NOT NULL,
    user_agent VARCHAR(255) NOT NULL,
    PRIMARY KEY (cookie_hash)
) {clustered};
CREATE INDEX sessions_of_user ON sessions (account_id, user_id);
CREATE INDEX sessions_seen ON sessions (seen_at);

-- Incoming webhooks by the hash of their code.
CREATE TABLE webhooks (
    code_hash VARCHAR(64) NOT NULL,
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    title VARCHAR(255) NOT NULL,
    scopes VARCHAR(1024) NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (code_hash)
) {clustered};
CREATE UNIQUE INDEX webhooks_in_account ON webhooks (account_id, id);

-- Links that work once: set up the first administrator, accept an invitation, log in.
CREATE TABLE one_time_links (
    token_hash VARCHAR(64) NOT NULL,
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (token_hash)
) {clustered};
CREATE INDEX one_time_links_of_user ON one_time_links (account_id, user_id);
CREATE INDEX one_time_links_expiry ON one_time_links (expires_at);
