#pragma once
// Whether somebody else than the caller may see a record: accounts say who he is, access what he may read. For bridges
// that tell people of things. On the transaction's thread.

#include <optional>

#include "model/records.hpp"
#include "modules/accounts/services.hpp"

namespace stoa::app {

class AccessBridge {
  public:
    /// Before the first question; the services live as long as the program.
    void open(const accounts::Services& accounts) { accounts_ = &accounts; }

    /// Of a record that exists. False also for somebody who is dismissed or does not exist.
    Result<bool> may_read(model::Records& records, const model::Entity& entity, RecordId id, UserId user) const;
    /// Nothing for such a person.
    Result<std::optional<model::Actor>> actor_of(model::Records& records, UserId user) const;
    /// Whether each employee may read all records of this kind.
    static bool is_open_to_employees(const model::Records& records, const model::Entity& entity);

  private:
    const accounts::Services* accounts_ = nullptr;
};

}  // namespace stoa::app
