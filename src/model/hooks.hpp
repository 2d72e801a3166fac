#pragma once
// EntityHooks: what is special about one entity's writes. Called inside the write transaction, on its thread.

#include "base/result.hpp"
#include "db/transaction.hpp"
#include "model/access_policy.hpp"
#include "model/record.hpp"

namespace stoa::model {

class Records;

struct SaveContext {
    db::WriteTx& tx;
    Records& records;  ///< to read and write other records in the same transaction
    const Entity& entity;
    Operation operation;   ///< add or update
    RecordId id;           ///< known before the row is written
    const Record* before;  ///< nullptr on add
    Changes& changes;      ///< before_save may change it
};

struct RemoveContext {
    db::WriteTx& tx;
    Records& records;
    const Entity& entity;
    const Record& before;
};

class EntityHooks {
  public:
    virtual ~EntityHooks() = default;
    /// After defaults and field checks, before the row is written. An error refuses the save.
    virtual Status before_save(SaveContext&) { return {}; }
    /// After the row is written, before the event goes to the outbox.
    virtual Status after_save(SaveContext&) { return {}; }
    virtual Status before_remove(RemoveContext&) { return {}; }
    virtual Status after_remove(RemoveContext&) { return {}; }
};

}  // namespace stoa::model
