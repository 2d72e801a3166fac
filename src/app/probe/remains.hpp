#pragma once
// Remains: what a load left in the portal, found by the name of its run: read back, and removed. One thread; blocking.
// Errors: the portal does not answer for ten seconds.

#include <string>
#include <string_view>
#include <vector>

#include "app/probe/caller.hpp"
#include "app/probe/counters.hpp"
#include "app/probe/ledger.hpp"
#include "app/probe/transfers.hpp"
#include "base/function_ref.hpp"
#include "json/value.hpp"

namespace stoa::app::probe {

class Remains {
  public:
    Remains(const Target& target, std::string run) : run_(std::move(run)), caller_(target, {}, ignored_) {}

    Result<std::vector<StoredRecord>> leads();
    Result<std::vector<StoredSide>> deals();
    Result<std::vector<StoredCounter>> counters();
    /// `command` as in a batch, the id goes at its end: "crm.lead.delete?id=". What cannot be removed stays, and the
    /// log says so.
    void remove(std::string_view command, const std::vector<RecordId>& ids);

  private:
    struct List {
        std::string_view method, mark, id, rows;  ///< the field that has the run; the answer's names
        std::vector<std::string_view> select;
    };
    Status read_all(const List& list, FunctionRef<void(const json::Value&)> visit);
    Result<json::Value> ask(std::string_view method, const std::string& parameters);
    Status read_increments(StoredCounter& counter);

    const std::string run_;
    Measures ignored_;
    Caller caller_;
};

}  // namespace stoa::app::probe
