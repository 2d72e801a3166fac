#pragma once
// UploadRecord: how far an upload in parts is, as a row that all processes see. Its parts are blobs of the file store,
// noted but named by no file, so that those of an upload that nobody finishes go by themselves. On the transaction's
// thread; purge_uploads() from any thread that may block.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"
#include "model/registry.hpp"
#include "rest/files/upload_range.hpp"

namespace stoa::rest {

struct UploadRecord {
    struct Part {
        std::string blob;
        std::uint64_t bytes = 0;
    };
    std::string token;  ///< hash of the address: one address, one upload
    std::uint64_t total = 0;
    std::uint64_t received = 0;
    std::vector<Part> parts;   ///< in order, without gaps
    std::string sha256;        ///< of the whole, as the client announced it; empty: it did not
    std::string content_type;  ///< what its first bytes look like
    std::string blob;          ///< the whole file in the store; empty until all parts are there and put together
    UnixSeconds expires_at = 0;

    bool complete() const { return received == total; }
};

/// Nothing when it was not begun, or is too old.
Result<std::optional<UploadRecord>> find_upload(db::Tx& tx, const std::string& token, UnixSeconds now);

struct UploadPart {
    UploadRange range;
    std::string blob;
    std::string content_type;  ///< of these bytes; counts for the first part
    std::string whole_sha256;  ///< when announced
};

/// Takes a part that begins where the upload stands (and begins the upload with the first one); any other changes
/// nothing. Gives the record as it is then.
/// Errors: conflict (another size or digest than before), too_large (number of parts), busy (the account has too many
/// unfinished ones).
Result<UploadRecord> take_part(db::WriteTx& tx, const std::string& token, const UploadPart& part, UnixSeconds now);
/// The whole lies in the store.
Status set_blob(db::WriteTx& tx, const std::string& token, const std::string& blob);
Status forget_upload(db::WriteTx& tx, const std::string& token);

/// Forgets uploads that are too old, over all accounts; at most `limit`. How many those were. Blocks.
Result<int> purge_uploads(db::Database& database, const model::Registry& registry, UnixSeconds now, std::int64_t limit);

}  // namespace stoa::rest
