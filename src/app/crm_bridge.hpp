#pragma once
// Tells people of what happens to the CRM records they are responsible for, and the stream of deals that were won, so
// that the modules need not know each other.

#include "app/access_bridge.hpp"
#include "modules/crm/listener.hpp"

namespace stoa::app {

class CrmBridge final : public crm::CrmListener {
  public:
    explicit CrmBridge(const AccessBridge& access) : access_(access) {}
    /// The responsible person, when somebody else gave him the record or moved it, and he may see it.
    Status record_saved(model::Records& records, const crm::CrmChange& change) override;
    Status record_removed(model::Records& records, int type_id, RecordId id) override;
    Status activity_saved(model::Records& records, const model::Record& activity, const model::Record* before) override;
    Status activity_removed(model::Records& records, RecordId activity) override;

  private:
    Status tell_responsible(model::Records& records, const crm::CrmChange& change) const;
    Status write_won(model::Records& records, const crm::CrmChange& change) const;

    const AccessBridge& access_;
};

}  // namespace stoa::app
