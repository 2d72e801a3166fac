#pragma once
// Records: the one read path and the one write path for every entity.
//
// read:  access row filter → bounded select → rows handed to the sink as they come from the engine.
// write: access → defaults → check by field data → before_save → row, links, multifields, user fields → after_save →
//        event to the outbox, all in the caller's transaction.
// Bound to one transaction and one actor; used on that transaction's thread only.
// A record the actor may not see is "not found"; one that may be seen but not changed is "forbidden".

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/function_ref.hpp"
#include "base/result.hpp"
#include "db/transaction.hpp"
#include "model/access_policy.hpp"
#include "model/actor.hpp"
#include "model/metadata.hpp"
#include "model/outbox.hpp"
#include "model/push_outbox.hpp"
#include "model/record.hpp"
#include "model/registry.hpp"

namespace stoa::model {

/// Everything Records needs that lives as long as the program.
struct ModelServices {
    const Registry& registry;
    MetadataCache& metadata;
    const AccessPolicy& access;
    Outbox& outbox;
    PushOutbox& pushes;
    const Clock& clock;
};

struct Query {
    db::Condition where;
    std::vector<db::Order> order;  ///< empty = by id ascending
    std::int64_t limit = 50;
    std::int64_t offset = 0;
};

/// One multifield row of a record.
struct Multifield {
    RecordId id = 0;
    RecordId owner = 0;
    std::string type, value_type, value;
};

class Records {
  public:
    Records(const ModelServices& services, db::Tx& tx, const Actor& actor, std::shared_ptr<const Metadata> metadata);
    /// For writes. The same object serves reads inside the transaction.
    Records(const ModelServices& services, db::WriteTx& tx, const Actor& actor,
            std::shared_ptr<const Metadata> metadata);

    const Actor& actor() const { return actor_; }
    const Metadata& metadata() const { return *metadata_; }
    const ModelServices& services() const { return services_; }
    db::Tx& tx() { return tx_; }
    db::WriteTx& write_tx();  ///< only inside a write
    bool writable() const { return write_tx_ != nullptr; }
    /// After a change of user fields, types or settings in this transaction.
    Status reload_metadata();

    /// Built-in or dynamic entity by entityTypeId, or nullptr.
    const Entity* entity_by_type(int type_id) const;

    /// Streams rows: all stored columns, in the order of entity.all_columns_sql(). The hot path of REST reads.
    Status stream(const Entity& entity, const Query& query, db::RowSink sink);
    Status stream_one(const Entity& entity, RecordId id, db::RowSink sink);  ///< not_found when hidden or absent
    Result<std::int64_t> count(const Entity& entity, const db::Condition& where);
    /// Sums and counts over the rows the actor may read.
    Status aggregate(const Entity& entity, db::Aggregate aggregate, db::RowSink sink);

    Result<Record> get(const Entity& entity, RecordId id);
    Result<std::vector<Record>> list(const Entity& entity, const Query& query);
    Result<bool> exists(const Entity& entity, RecordId id);
    Result<std::vector<RecordId>> links(const Field& field, RecordId owner);
    /// For a page of owners at once: (owner, target) pairs in order.
    Result<std::vector<std::pair<RecordId, RecordId>>> links(const Field& field, std::span<const RecordId> owners);
    Result<std::vector<Multifield>> multifields(const Entity& entity, std::span<const RecordId> owners);

    Result<RecordId> add(Changes changes);
    Status update(RecordId id, Changes changes);
    Status remove(const Entity& entity, RecordId id);

    /// Puts an event into the outbox on behalf of the actor.
    Status emit(std::string_view name, std::string_view data_json);

    /// The same transaction on behalf of the program itself (hooks that write rows the user may not).
    Records as_system();

  private:
    db::Condition visible(const Entity& entity, Operation operation) const;

    ModelServices services_;
    db::Tx& tx_;
    db::WriteTx* write_tx_ = nullptr;
    Actor actor_;
    std::shared_ptr<const Metadata> metadata_;
};

}  // namespace stoa::model
