#include "rest/files/upload_record.hpp"

#include <charconv>

#include "model/due_rows.hpp"
#include "rest/files/upload_limits.hpp"

namespace stoa::rest {
namespace {

using db::Condition;

constexpr const char* kTable = "rest_uploads";
constexpr const char* kEntity = "rest.upload";

/// "BLOB BYTES\n" for each.
std::string to_text(const std::vector<UploadRecord::Part>& parts) {
    std::string text;
    for (const UploadRecord::Part& part : parts)
        text += part.blob + " " + std::to_string(part.bytes) + "\n";
    return text;
}

Result<std::vector<UploadRecord::Part>> parts_from(std::string_view text) {
    std::vector<UploadRecord::Part> parts;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::size_t space = text.find(' ');
        UploadRecord::Part part;
        if (end == text.npos || space > end) return internal_error("The parts of an upload cannot be read.");
        part.blob = text.substr(0, space);
        std::from_chars(text.data() + space + 1, text.data() + end, part.bytes);
        parts.push_back(std::move(part));
        text.remove_prefix(end + 1);
    }
    return parts;
}

/// What the account has under way besides, by number and announced bytes.
Status check_quota(db::Tx& tx, std::uint64_t total, UnixSeconds now) {
    std::int64_t count = 0;
    std::int64_t bytes = 0;
    db::Select select;
    select.table = kTable;
    select.columns_sql = "total";
    select.where =
        Condition::all({Condition::equals("blob", ""), Condition::compare("expires_at", Condition::Op::gt, now)});
    select.limit = limits::uploads_unfinished_max;
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        ++count;
        bytes += row.integer(0);
        return true;
    }));
    if (count < limits::uploads_unfinished_max &&
        bytes + static_cast<std::int64_t>(total) <= limits::uploads_unfinished_bytes_max) {
        return {};
    }
    return Error{Errc::busy,
                 "Too many uploads are unfinished. Finish some of them, or wait until they are given up.",
                 {},
                 "ERROR_UPLOAD_QUOTA",
                 60};
}

Status insert(db::WriteTx& tx, const UploadRecord& upload) {
    STOA_TRY(const std::int64_t id, tx.next_id(kEntity));
    const db::Assignment row[] = {{"id", id},
                                  {"token", upload.token},
                                  {"total", static_cast<std::int64_t>(upload.total)},
                                  {"received", static_cast<std::int64_t>(upload.received)},
                                  {"parts", to_text(upload.parts)},
                                  {"sha256", upload.sha256},
                                  {"content_type", upload.content_type},
                                  {"blob", std::string()},
                                  {"expires_at", upload.expires_at}};
    return tx.insert(kTable, row);
}

}  // namespace

Result<std::optional<UploadRecord>> find_upload(db::Tx& tx, const std::string& token, UnixSeconds now) {
    std::optional<UploadRecord> found;
    Status readable;
    db::Select select;
    select.table = kTable;
    select.columns_sql = "total, received, parts, sha256, content_type, `blob`, expires_at";
    select.where =
        Condition::all({Condition::equals("token", token), Condition::compare("expires_at", Condition::Op::gt, now)});
    select.limit = 1;
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        UploadRecord upload;
        upload.token = token;
        upload.total = static_cast<std::uint64_t>(row.integer(0));
        upload.received = static_cast<std::uint64_t>(row.integer(1));
        auto parts = parts_from(row.text(2));
        if (!parts) {
            readable = parts.error();
            return false;
        }
        upload.parts = std::move(*parts);
        upload.sha256 = row.text(3);
        upload.content_type = row.text(4);
        upload.blob = row.text(5);
        upload.expires_at = row.integer(6);
        found = std::move(upload);
        return false;
    }));
    STOA_CHECK(readable);
    return found;
}

Result<UploadRecord> take_part(db::WriteTx& tx, const std::string& token, const UploadPart& part, UnixSeconds now) {
    const UploadRange& range = part.range;
    const std::string& sha256 = part.whole_sha256;
    STOA_TRY(auto known, find_upload(tx, token, now));
    const bool is_new = !known;
    UploadRecord upload;
    if (known) {
        upload = std::move(*known);
    } else {
        upload.token = token;
        upload.total = range.total;
        upload.content_type = part.content_type;
        upload.expires_at = now + limits::upload_lifetime_s;
    }
    if (upload.total != range.total) {
        return Error{Errc::conflict, "The upload was begun with another total size.", "Content-Range",
                     "ERROR_CONTENT_RANGE"};
    }
    if (!sha256.empty() && !upload.sha256.empty() && sha256 != upload.sha256) {
        return Error{Errc::conflict, "The upload was begun with another digest.", "Repr-Digest", "ERROR_DIGEST"};
    }
    if (range.begin != upload.received) return upload;
    if (upload.parts.size() >= limits::upload_parts_max) {
        return Error{Errc::too_large,
                     "An upload has " + std::to_string(limits::upload_parts_max) +
                         " parts at most. Begin again with larger ones.",
                     "Content-Range", "ERROR_TOO_MANY_PARTS"};
    }
    if (!sha256.empty()) upload.sha256 = sha256;
    upload.received = range.end;
    upload.parts.push_back({part.blob, range.end - range.begin});
    if (is_new) {
        STOA_CHECK(check_quota(tx, upload.total, now));
        STOA_CHECK(forget_upload(tx, token));  // one that is too old
        STOA_CHECK(insert(tx, upload));
        return upload;
    }
    const db::Assignment row[] = {{"received", static_cast<std::int64_t>(upload.received)},
                                  {"parts", to_text(upload.parts)},
                                  {"sha256", upload.sha256}};
    STOA_TRY([[maybe_unused]] const std::int64_t rows, tx.update(kTable, row, Condition::equals("token", token)));
    return upload;
}

Status set_blob(db::WriteTx& tx, const std::string& token, const std::string& blob) {
    const db::Assignment row[] = {{"blob", blob}};
    STOA_TRY([[maybe_unused]] const std::int64_t rows, tx.update(kTable, row, Condition::equals("token", token)));
    return {};
}

Status forget_upload(db::WriteTx& tx, const std::string& token) {
    STOA_TRY([[maybe_unused]] const std::int64_t rows, tx.remove(kTable, Condition::equals("token", token)));
    return {};
}

Result<int> purge_uploads(db::Database& database, const model::Registry& registry, UnixSeconds now,
                          std::int64_t limit) {
    STOA_TRY(const auto rows, model::due_rows(database, registry.entity(kEntity), "EXPIRES_AT", limit));
    int purged = 0;
    for (const model::DueRow& row : rows) {
        if (row.due > now) break;
        const auto removed =
            database.write_and_wait({.account = row.account}, [&](db::WriteTx& tx) -> Result<std::string> {
                STOA_TRY([[maybe_unused]] const std::int64_t gone, tx.remove(kTable, Condition::equals("id", row.id)));
                return std::string();
            });
        if (!removed) return removed.error();
        ++purged;
    }
    return purged;
}

}  // namespace stoa::rest
