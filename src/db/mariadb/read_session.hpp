#pragma once
// ReadSession: finds a server for a read, keeps its session while the read goes on, and looks for another when that one
// is lost. On the reading thread's stack; private to src/db/mariadb.

#include <optional>

#include "db/database.hpp"
#include "db/mariadb/servers.hpp"
#include "db/mariadb/transaction.hpp"

namespace stoa::db::mariadb {

class ReadSession final : public Executor {
  public:
    struct Limits {
        std::int64_t deadline_us = 0;
        std::int64_t replica_wait_us = 0;
    };
    ReadSession(Servers& servers, const ReadOptions& options, Limits limits)
        : servers_(servers), options_(options), limits_(limits) {}

    /// A statement alone: sent again to another server when its session is lost, until the deadline.
    Status query(std::string_view sql, std::span<const Binding> bindings, RowSink sink) override;
    Result<std::int64_t> execute(std::string_view sql, std::span<const Binding> bindings) override;

    /// Several statements that see one state: fn runs again as a whole when the session is lost.
    Status run_snapshot(AccountId account, FunctionRef<Status(Tx&)> fn);

  private:
    Status ensure();
    /// After a failure: true when trying again may help.
    bool retry();

    Servers& servers_;
    const ReadOptions& options_;
    const Limits limits_;
    Servers::Lease lease_;
    bool on_replica_ = false;
    bool primary_only_ = false;  ///< a replica could not answer
};

}  // namespace stoa::db::mariadb
