#include "model/stored_files.hpp"

#include <algorithm>
#include <map>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "model/records.hpp"

namespace stoa::model {

namespace {

using db::Condition;

constexpr const char* kBlobs = "file_blobs";
constexpr std::int64_t kMayBeNamed = 0;
constexpr std::int64_t kBeingRemoved = 1;
constexpr std::int64_t kRemoved = 2;
constexpr int kGenerationsMax = 100;
constexpr std::int64_t kFilesOwnedMax = 10'000;

const Entity& files_entity(const Records& records) {
    return records.services().registry.entity("file");
}

Condition blob_in_state(const std::string& blob, std::int64_t state) {
    return Condition::all({Condition::equals("blob_key", blob), Condition::equals("state", state)});
}

Status upsert_blob(db::WriteTx& tx, const std::string& blob, std::int64_t state, UnixSeconds now) {
    const std::string key[] = {"blob_key"};
    const db::Assignment row[] = {{"blob_key", blob}, {"state", state}, {"noted_at", now}};
    return tx.upsert(kBlobs, key, row);
}

Result<bool> is_named(db::Tx& tx, const std::string& blob) {
    STOA_TRY(const std::int64_t count, tx.count("files", Condition::equals("blob", blob), 1));
    return count > 0;
}

/// The row, or a copy of it, may name the key only while nobody is about to remove its bytes.
Status take_note(db::WriteTx& tx, const std::string& blob) {
    STOA_TRY(const std::int64_t taken, tx.remove(kBlobs, blob_in_state(blob, kMayBeNamed)));
    if (taken > 0) return {};
    STOA_TRY(const bool named, is_named(tx, blob));
    if (named) return {};
    return Error{Errc::unavailable, "The file was given up before it was saved. Send it again.", {}, {}, 1};
}

void collect(const json::Value& value, std::vector<RecordId>& out) {
    if (const auto id = value.as_integer(); id && *id > 0) out.push_back(*id);
    if (!value.is_array()) return;
    for (const json::Value& item : value.array()) {
        if (const auto id = item.as_integer(); id && *id > 0) out.push_back(*id);
    }
}

std::vector<RecordId> without(const std::vector<RecordId>& these, const std::vector<RecordId>& those) {
    std::vector<RecordId> out;
    for (const RecordId id : these) {
        if (std::find(those.begin(), those.end(), id) == those.end()) out.push_back(id);
    }
    return out;
}

}  // namespace

Result<std::string> note_blob(db::WriteTx& tx, std::string_view sha256, UnixSeconds now) {
    // Two characters as a folder: a store that is a directory stays quick.
    const std::string plain = std::string(sha256.substr(0, 2)) + "/" + std::string(sha256);
    std::string blob = plain;
    for (int generation = 1; generation <= kGenerationsMax; ++generation) {
        const Condition given_up = Condition::all(
            {Condition::equals("blob_key", blob), Condition::compare("state", Condition::Op::ne, kMayBeNamed)});
        STOA_TRY(const std::int64_t count, tx.count(kBlobs, given_up, 1));
        if (count == 0) {
            STOA_CHECK(upsert_blob(tx, blob, kMayBeNamed, now));
            return blob;
        }
        blob = plain + "-" + std::to_string(generation);
    }
    return Error{Errc::busy, "This file was removed too often just now.", {}, {}, 60};
}

Result<RecordId> add_file(Records& records, const StoredContent& content, std::string_view owner) {
    STOA_CHECK(ensure_file_key(records));
    STOA_CHECK(take_note(records.write_tx(), content.blob));
    Changes row(files_entity(records));
    row.set("BLOB", content.blob);
    row.set("NAME", std::string(utf8_prefix(content.name.empty() ? "file" : content.name, 255)));
    row.set("SIZE", content.bytes);
    row.set("CONTENT_TYPE", content.content_type);
    row.set("OWNER", std::string(owner));
    return records.as_system().add(std::move(row));
}

Result<RecordId> copy_file(Records& records, RecordId file, std::string_view owner) {
    STOA_TRY(const Record source, records.as_system().get(files_entity(records), file));
    StoredContent content;
    content.blob = source.text("BLOB");
    content.name = source.text("NAME");
    content.content_type = source.text("CONTENT_TYPE");
    content.bytes = source.integer("SIZE");
    return add_file(records, content, owner);
}

Status remove_files(Records& records, std::span<const RecordId> files) {
    if (files.empty()) return {};
    db::WriteTx& tx = records.write_tx();
    const UnixSeconds now = records.services().clock.now();
    for (std::size_t from = 0; from < files.size(); from += limits::in_list_max) {
        const auto some = files.subspan(from, std::min<std::size_t>(limits::in_list_max, files.size() - from));
        const Condition these = Condition::in("id", {some.begin(), some.end()});
        std::vector<std::string> blobs;
        db::Select select;
        select.table = "files";
        select.columns_sql = "`blob`";
        select.where = these;
        select.limit = static_cast<std::int64_t>(some.size());
        STOA_CHECK(tx.select(select, [&](const db::Row& row) {
            blobs.emplace_back(row.text(0));
            return true;
        }));
        STOA_TRY([[maybe_unused]] const std::int64_t removed, tx.remove("files", these));
        for (const std::string& blob : blobs) {
            STOA_TRY(const bool named, is_named(tx, blob));
            if (!named) STOA_CHECK(upsert_blob(tx, blob, kMayBeNamed, now));
        }
    }
    return {};
}

std::string file_owner(const Entity& entity, RecordId id) {
    return entity.name + ":" + std::to_string(id);
}

Result<std::vector<std::pair<RecordId, Record>>> files_owned(Records& records, const Entity& entity,
                                                             std::span<const RecordId> ids) {
    std::vector<std::pair<RecordId, Record>> out;
    if (ids.empty()) return out;
    std::map<std::string, RecordId> by_owner;
    std::vector<db::Value> owners;
    for (const RecordId id : ids) {
        by_owner[file_owner(entity, id)] = id;
        owners.emplace_back(file_owner(entity, id));
    }
    Query query;
    query.where = Condition::in("owner", std::move(owners));
    query.limit = kFilesOwnedMax;
    STOA_TRY(const std::vector<Record> rows, records.as_system().list(files_entity(records), query));
    for (const Record& row : rows)
        out.emplace_back(by_owner[row.text("OWNER")], row);
    return out;
}

Status remove_files_owned(Records& records, const Entity& entity, std::span<const RecordId> ids) {
    std::vector<RecordId> files;
    for (std::size_t from = 0; from < ids.size(); from += limits::in_list_max) {
        std::vector<db::Value> owners;
        for (const RecordId id : ids.subspan(from, std::min<std::size_t>(limits::in_list_max, ids.size() - from)))
            owners.emplace_back(file_owner(entity, id));
        db::Select select;
        select.table = "files";
        select.columns_sql = "id";
        select.where = Condition::in("owner", std::move(owners));
        select.limit = kFilesOwnedMax;
        STOA_CHECK(records.tx().select(select, [&](const db::Row& row) {
            files.push_back(row.integer(0));
            return true;
        }));
    }
    return remove_files(records, files);
}

Status settle_files(Records& records, const Entity& entity, RecordId id, const std::vector<RecordId>& before,
                    const std::vector<RecordId>& after) {
    for (const RecordId file : without(after, before)) {
        const db::Assignment owner[] = {{"owner", file_owner(entity, id)}};
        const Condition free = Condition::all({Condition::equals("id", file), Condition::equals("owner", "")});
        STOA_TRY(const std::int64_t taken, records.write_tx().update("files", owner, free));
        if (taken == 0) return invalid("File " + std::to_string(file) + " does not belong to this record.");
    }
    return remove_files(records, without(before, after));
}

std::vector<RecordId> files_of(const Record& record, const json::Value& user_fields, const Records& records) {
    std::vector<RecordId> out;
    const Entity& entity = record.entity();
    for (const Field& field : entity.fields) {
        if (field.type != FieldType::file) continue;
        if (const RecordId id = record.integer(field.name); id > 0) out.push_back(id);
    }
    const UserFieldSet* set = records.metadata().user_fields(entity.user_field_entity);
    if (!set || !user_fields.is_object()) return out;
    for (const UserField& field : set->fields) {
        if (field.field.type != FieldType::file) continue;
        if (const json::Value* value = user_fields.find(field.field.name)) collect(*value, out);
    }
    return out;
}

Result<std::string> find_file_key(db::Tx& tx) {
    std::string key;
    db::Select select;
    select.table = "file_keys";
    select.columns_sql = "secret";
    select.limit = 1;
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        key = row.text(0);
        return false;
    }));
    return key;
}

Status ensure_file_key(Records& records) {
    if (!records.metadata().account.file_key.empty()) return {};
    db::WriteTx& tx = records.write_tx();
    STOA_TRY(const std::string known, find_file_key(tx));
    if (known.empty()) {
        const db::Assignment row[] = {{"secret", to_hex(random_bytes(32))}};
        STOA_CHECK(tx.insert("file_keys", row));
    }
    records.services().metadata.invalidate_on_commit(tx);
    return records.reload_metadata();
}

Result<std::vector<GivenUpBlob>> give_up_blobs(db::Database& database, UnixSeconds now, std::int64_t limit) {
    const UnixSeconds cutoff = now - limits::file_grace_s;
    std::vector<std::pair<GivenUpBlob, std::int64_t>> old;
    STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const db::Value parameters[] = {cutoff, limit};
        STOA_CHECK(tx.raw().query(
            "SELECT account_id, blob_key, state FROM file_blobs WHERE noted_at < ? ORDER BY noted_at LIMIT ?",
            parameters, [&](const db::Row& row) {
                if (!lives_here(row.integer(0))) return true;
                old.push_back({{row.integer(0), std::string(row.text(1))}, row.integer(2)});
                return true;
            }));
        return false;
    }));
    std::vector<GivenUpBlob> out;
    for (const auto& [blob, state] : old) {
        bool given_up = state == kBeingRemoved;
        const auto settle = [&, &blob = blob, &state = state](db::WriteTx& tx) -> Result<std::string> {
            if (state == kRemoved) {
                STOA_TRY([[maybe_unused]] auto gone, tx.remove(kBlobs, blob_in_state(blob.blob, kRemoved)));
                return std::string();
            }
            STOA_TRY(const bool named, is_named(tx, blob.blob));
            const Condition still = Condition::all(
                {blob_in_state(blob.blob, kMayBeNamed), Condition::compare("noted_at", Condition::Op::lt, cutoff)});
            if (named) {
                STOA_TRY([[maybe_unused]] auto gone, tx.remove(kBlobs, still));
                return std::string();
            }
            const db::Assignment change[] = {{"state", kBeingRemoved}};
            STOA_TRY(const std::int64_t changed, tx.update(kBlobs, change, still));
            given_up = changed > 0;
            return std::string();
        };
        if (state != kBeingRemoved) {
            STOA_TRY([[maybe_unused]] auto done, database.write_and_wait({.account = blob.account}, settle));
        }
        if (given_up) out.push_back(blob);
    }
    return out;
}

void forget_blob(db::Database& database, const GivenUpBlob& blob, UnixSeconds now, std::function<void(Status)> done) {
    database.write(
        {.account = blob.account},
        [key = blob.blob, now](db::WriteTx& tx) -> Result<std::string> {
            const db::Assignment change[] = {{"state", kRemoved}, {"noted_at", now}};
            STOA_TRY([[maybe_unused]] auto changed, tx.update(kBlobs, change, blob_in_state(key, kBeingRemoved)));
            return std::string();
        },
        [done = std::move(done)](const Result<db::WriteOutcome>& outcome) {
            done(outcome ? Status() : Status(outcome.error()));
        });
}

}  // namespace stoa::model
