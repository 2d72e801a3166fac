#pragma once
// Stored files: rows that give numbers, names and owners to bytes in the file store (src/files). File fields and the
// drive name rows, never bytes. Used on the transaction's thread; housekeeping from any thread that may block.
//
// Bytes are put before the transaction that names them, under a key derived from their hash, so that putting them twice
// is harmless:
//   note_blob()      own small transaction: "these bytes are coming"    → the key to put them under
//   Store::put()     durable
//   add_file()       in the request's transaction: a row names the key
// What was noted and is named by no row after limits::file_grace_s is garbage: a refused request, a crash, a deleted
// file.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"
#include "model/record.hpp"

namespace stoa::model {

class Records;

/// Bytes that are in the store already, with what is known of them.
struct StoredContent {
    std::string blob;  ///< key in the store
    std::string name;
    std::string content_type;
    std::int64_t bytes = 0;
};

/// The owner of rows that the drive keeps; fields are "entity:id".
inline constexpr std::string_view kDriveOwner = "drive";

/// The key for content with this hash (hexadecimal).
Result<std::string> note_blob(db::WriteTx& tx, std::string_view sha256, UnixSeconds now);

/// Without an owner the row waits for a field of a record saved in the same transaction, see settle_files().
/// Errors: unavailable when the bytes were given up in the meantime (a request that took a day).
Result<RecordId> add_file(Records& records, const StoredContent& content, std::string_view owner);
/// A new row that names the same bytes.
Result<RecordId> copy_file(Records& records, RecordId file, std::string_view owner);
/// Forgets rows; the bytes go later, when nothing names them. Unknown ids are no error.
Status remove_files(Records& records, std::span<const RecordId> files);

/// Owner of the files that belong to a record.
std::string file_owner(const Entity& entity, RecordId id);
/// Rows of the files that belong to records of an entity, by record and in the order they came.
Result<std::vector<std::pair<RecordId, Record>>> files_owned(Records& records, const Entity& entity,
                                                             std::span<const RecordId> ids);
/// Part of removing records; also to empty a list of attachments.
Status remove_files_owned(Records& records, const Entity& entity, std::span<const RecordId> ids);
inline Status remove_files_owned(Records& records, const Entity& entity, RecordId id) {
    return remove_files_owned(records, entity, std::span(&id, 1));
}

/// Part of saving a record: rows that its file fields newly name become its own, those they name no more are removed.
/// Errors: invalid_argument for a number that is not this record's and not a file of this very request.
Status settle_files(Records& records, const Entity& entity, RecordId id, const std::vector<RecordId>& before,
                    const std::vector<RecordId>& after);
/// Numbers in the file fields and file user fields of a record.
std::vector<RecordId> files_of(const Record& record, const json::Value& user_fields, const Records& records);

/// Empty when the account has none yet.
Result<std::string> find_file_key(db::Tx& tx);
Status ensure_file_key(Records& records);

// Housekeeping, over all accounts.

struct GivenUpBlob {
    AccountId account = 0;
    std::string blob;
};
/// Gives up what nobody has named for the grace, at most `limit`: from here on the key is not handed out. What was
/// given up before and is still in the store comes again. Blocks.
Result<std::vector<GivenUpBlob>> give_up_blobs(db::Database& database, UnixSeconds now, std::int64_t limit);
/// After Store::remove() confirmed. Does not block; `done` as in Database::write().
void forget_blob(db::Database& database, const GivenUpBlob& blob, UnixSeconds now, std::function<void(Status)> done);

}  // namespace stoa::model
