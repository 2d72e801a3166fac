-- Bytes in the file store that no row of `files` may name (yet, or any more). state: 0 = may be named, 1 = being removed,
-- 2 = removed. A key that was given up is not used again for a while: a removal may hang for long and come through late.
CREATE TABLE file_blobs (
    account_id BIGINT NOT NULL,
    blob_key VARCHAR(80) NOT NULL,
    state BIGINT NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, blob_key)
) {clustered};
CREATE INDEX file_blobs_noted_at ON file_blobs (noted_at);

-- Signs the links to an account's files. Made with its first file.
CREATE TABLE file_keys (
    account_id BIGINT NOT NULL,
    secret VARCHAR(64) NOT NULL,
    PRIMARY KEY (account_id)
) {clustered};
