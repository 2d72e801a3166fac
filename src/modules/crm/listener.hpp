#pragma once
// How whoever tells people of things learns what happens in CRM, without CRM knowing him: wired by app.
// Called inside the write transaction, on its thread; an error refuses the write.

#include <string>

#include "model/records.hpp"

namespace stoa::crm {

/// A lead, deal, contact, company or item of a smart process was saved.
struct CrmChange {
    const model::Entity& entity;
    int type_id = 0;
    RecordId id = 0;
    std::string title;  ///< of a contact: the full name
    UserId responsible = 0;
    bool is_new = false;
    bool reassigned = false;  ///< somebody else is responsible than before; false of new ones
    bool moved = false;       ///< to another stage; false of new ones
    bool won = false;         ///< the stage means success, and did not before
    std::string stage_name;   ///< when moved or won
};

class CrmListener {
  public:
    virtual ~CrmListener() = default;
    virtual Status record_saved(model::Records& records, const CrmChange& change) = 0;
    /// It and everything about it is gone.
    virtual Status record_removed(model::Records& records, int type_id, RecordId id) = 0;
    /// Somebody else is responsible for it than before; `before` is null when it is new.
    virtual Status activity_saved(model::Records& records, const model::Record& activity,
                                  const model::Record* before) = 0;
    virtual Status activity_removed(model::Records& records, RecordId activity) = 0;
};

}  // namespace stoa::crm
