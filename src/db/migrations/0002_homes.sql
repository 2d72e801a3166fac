-- Accounts of this store that live elsewhere: not one of their rows is changed here any more. account_id 0: the whole
-- store. The password is in the file, never here.
CREATE TABLE homes (
    account_id BIGINT NOT NULL,
    address VARCHAR(1024) NOT NULL,
    password_file VARCHAR(1024) NOT NULL,
    moved_at BIGINT NOT NULL,
    PRIMARY KEY (account_id)
) {clustered};

-- Moves and restores on their way. direction: out, in. Until an `in` is gone its account's rows do not count yet.
CREATE TABLE transfers (
    account_id BIGINT NOT NULL,
    direction VARCHAR(8) NOT NULL,
    id VARCHAR(64) NOT NULL,
    address VARCHAR(1024) NOT NULL,
    password_file VARCHAR(1024) NOT NULL,
    phase VARCHAR(16) NOT NULL,
    position LONGTEXT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, direction)
) {clustered};
