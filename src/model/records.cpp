// The read path. The write path is in records_write.cpp.

#include "model/records.hpp"

#include <cassert>

namespace stoa::model {

using db::Condition;

Records::Records(const ModelServices& services, db::Tx& tx, const Actor& actor,
                 std::shared_ptr<const Metadata> metadata)
    : services_(services), tx_(tx), actor_(actor), metadata_(std::move(metadata)) {
    assert(actor_.account == tx_.account() && "an actor acts in its own account only");
}

Records::Records(const ModelServices& services, db::WriteTx& tx, const Actor& actor,
                 std::shared_ptr<const Metadata> metadata)
    : Records(services, static_cast<db::Tx&>(tx), actor, std::move(metadata)) {
    write_tx_ = &tx;
}

db::WriteTx& Records::write_tx() {
    assert(write_tx_ && "this call was declared as a read");
    return *write_tx_;
}

Status Records::reload_metadata() {
    STOA_TRY(metadata_, services_.metadata.fresh(tx_));
    return {};
}

const Entity* Records::entity_by_type(int type_id) const {
    if (const Entity* entity = services_.registry.by_type_id(type_id)) return entity;
    return metadata_->dynamic(type_id);
}

Condition Records::visible(const Entity& entity, Operation operation) const {
    Condition rows = services_.access.rows(actor_, entity, operation);
    if (entity.partition_value == 0) return rows;
    return Condition::all({Condition::equals(entity.partition_column, entity.partition_value), std::move(rows)});
}

Status Records::stream(const Entity& entity, const Query& query, db::RowSink sink) {
    db::Select select;
    select.table = entity.table;
    select.columns_sql = entity.all_columns_sql();
    select.where = Condition::all({visible(entity, Operation::read), query.where});
    select.order = query.order;
    if (select.order.empty()) select.order.push_back({{entity.id_field().column, ""}, false});
    select.limit = query.limit;
    select.offset = query.offset;
    return tx_.select(select, sink);
}

Status Records::stream_one(const Entity& entity, RecordId id, db::RowSink sink) {
    db::Select select;
    select.table = entity.table;
    select.columns_sql = entity.all_columns_sql();
    select.where = Condition::all({visible(entity, Operation::read), Condition::equals(entity.id_field().column, id)});
    select.limit = 1;
    bool found = false;
    STOA_CHECK(tx_.select(select, [&](const db::Row& row) {
        found = true;
        return sink(row);
    }));
    if (!found) return not_found("Not found");
    return {};
}

Result<std::int64_t> Records::count(const Entity& entity, const Condition& where) {
    return tx_.count(entity.table, Condition::all({visible(entity, Operation::read), where}));
}

Status Records::aggregate(const Entity& entity, db::Aggregate aggregate, db::RowSink sink) {
    aggregate.table = entity.table;
    aggregate.where = Condition::all({visible(entity, Operation::read), std::move(aggregate.where)});
    return tx_.aggregate(aggregate, sink);
}

Result<Record> Records::get(const Entity& entity, RecordId id) {
    Result<Record> record = not_found("Not found");
    STOA_CHECK(stream_one(entity, id, [&](const db::Row& row) {
        record = Record(entity, row);
        return true;
    }));
    return record;
}

Result<std::vector<Record>> Records::list(const Entity& entity, const Query& query) {
    std::vector<Record> out;
    STOA_CHECK(stream(entity, query, [&](const db::Row& row) {
        out.emplace_back(entity, row);
        return true;
    }));
    return out;
}

Result<bool> Records::exists(const Entity& entity, RecordId id) {
    const Condition where =
        Condition::all({visible(entity, Operation::read), Condition::equals(entity.id_field().column, id)});
    STOA_TRY(const std::int64_t count, tx_.count(entity.table, where, 1));
    return count > 0;
}

Result<std::vector<RecordId>> Records::links(const Field& field, RecordId owner) {
    STOA_TRY(const auto pairs, links(field, std::span(&owner, 1)));
    std::vector<RecordId> out;
    for (const auto& [unused, target] : pairs)
        out.push_back(target);
    return out;
}

Result<std::vector<std::pair<RecordId, RecordId>>> Records::links(const Field& field,
                                                                  std::span<const RecordId> owners) {
    std::vector<std::pair<RecordId, RecordId>> out;
    if (owners.empty()) return out;
    db::Select select;
    select.table = field.link_table;
    select.columns_sql = "owner_id, target_id";
    select.where = Condition::in("owner_id", {owners.begin(), owners.end()});
    select.order = {{{"owner_id", ""}, false}, {{"position", ""}, false}};
    select.limit = 100'000;
    STOA_CHECK(tx_.select(select, [&](const db::Row& row) {
        out.emplace_back(row.integer(0), row.integer(1));
        return true;
    }));
    return out;
}

Result<std::vector<Multifield>> Records::multifields(const Entity& entity, std::span<const RecordId> owners) {
    std::vector<Multifield> out;
    if (owners.empty()) return out;
    db::Select select;
    select.table = "multifields";
    select.columns_sql = "id, owner_id, type, value_type, value";
    select.where = Condition::all(
        {Condition::equals("entity", entity.name), Condition::in("owner_id", {owners.begin(), owners.end()})});
    select.order = {{{"id", ""}, false}};
    select.limit = 100'000;
    STOA_CHECK(tx_.select(select, [&](const db::Row& row) {
        out.push_back({row.integer(0), row.integer(1), std::string(row.text(2)), std::string(row.text(3)),
                       std::string(row.text(4))});
        return true;
    }));
    return out;
}

Records Records::as_system() {
    Actor actor = actor_;
    actor.system = true;
    if (write_tx_) return {services_, *write_tx_, actor, metadata_};
    return {services_, tx_, actor, metadata_};
}

}  // namespace stoa::model
