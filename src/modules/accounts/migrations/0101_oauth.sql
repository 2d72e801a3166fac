-- Local applications of an account (OAuth 2.0 clients).
CREATE TABLE oauth_apps (
    client_id VARCHAR(64) NOT NULL,
    account_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    title VARCHAR(255) NOT NULL,
    secret_hash VARCHAR(64) NOT NULL,
    redirect_uri VARCHAR(1024) NOT NULL,
    scopes VARCHAR(1024) NOT NULL,
    application_token VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (client_id)
) {clustered};
CREATE UNIQUE INDEX oauth_apps_in_account ON oauth_apps (account_id, id);

-- Authorisation codes: thirty seconds, one use.
CREATE TABLE oauth_codes (
    code_hash VARCHAR(64) NOT NULL,
    account_id BIGINT NOT NULL,
    client_id VARCHAR(64) NOT NULL,
    user_id BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (code_hash)
) {clustered};

-- Access and refresh tokens by their hash. kind: access, refresh.
CREATE TABLE oauth_tokens (
    token_hash VARCHAR(64) NOT NULL,
    account_id BIGINT NOT NULL,
    client_id VARCHAR(64) NOT NULL,
    user_id BIGINT NOT NULL,
    kind VARCHAR(8) NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (token_hash)
) {clustered};
CREATE INDEX oauth_tokens_of_user ON oauth_tokens (account_id, user_id);
CREATE INDEX oauth_tokens_expiry ON oauth_tokens (expires_at);
