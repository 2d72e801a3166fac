#include "db/mariadb/read_session.hpp"

#include <thread>

#include "base/clock.hpp"
#include "base/fibers.hpp"
#include "base/metrics.hpp"

namespace stoa::db::mariadb {
namespace {

constexpr auto kBackoff = std::chrono::milliseconds(5);

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

Counter& reads(const char* server) {
    return counter("stoa_db_reads_total", "Reads by what answered them.", {{"server", server}});
}

}  // namespace

Status ReadSession::ensure() {
    static Counter& from_primary = reads("primary");
    static Counter& from_replica = reads("replica");
    if (lease_) return {};
    // On an I/O thread only answers are waited for: whoever needs a session opened, or a primary found, goes elsewhere.
    const bool only_idle = Fibers::of_this_thread() != nullptr;
    if (options_.replica && !primary_only_ && servers_.has_replicas()) {
        STOA_TRY(auto replica,
                 servers_.replica(options_.at_least, limits_.replica_wait_us, limits_.deadline_us, only_idle));
        if (replica) {
            lease_ = std::move(*replica);
            on_replica_ = true;
            lease_->set_deadline(limits_.deadline_us);
            from_replica.add();
            return {};
        }
    }
    if (only_idle) {
        auto primary = servers_.idle_primary();
        if (!primary) return must_wait();
        lease_ = std::move(*primary);
    } else {
        STOA_TRY(lease_, servers_.primary(Purpose::read, limits_.deadline_us));
    }
    on_replica_ = false;
    lease_->set_deadline(limits_.deadline_us);
    from_primary.add();
    return {};
}

bool ReadSession::retry() {
    if (!lease_) return false;
    const Trouble trouble = lease_->trouble();
    // E.g. a table that has not arrived there yet, or a page of it that is damaged there.
    if ((trouble == Trouble::statement || trouble == Trouble::rerun) && on_replica_) {
        lease_.give_back();
        primary_only_ = true;
        return true;
    }
    if (trouble < Trouble::rerun) return false;
    if (trouble >= Trouble::demoted) servers_.suspect(lease_.server(), trouble);
    lease_.give_back();
    if (now_us() >= limits_.deadline_us) return false;
    if (Fibers::of_this_thread() != nullptr) return true;  // what is at hand is tried, then it goes elsewhere
    std::this_thread::sleep_for(kBackoff);
    return true;
}

Status ReadSession::query(std::string_view sql, std::span<const Binding> bindings, RowSink sink) {
    for (;;) {
        STOA_CHECK(ensure());
        bool told = false;
        auto status = lease_->query(sql, bindings, [&](const Row& row) {
            told = true;
            return sink(row);
        });
        if (status || told || !retry()) return status;
    }
}

Result<std::int64_t> ReadSession::execute(std::string_view, std::span<const Binding>) {
    return internal_error("A read cannot change anything.");
}

Status ReadSession::run_snapshot(AccountId account, FunctionRef<Status(Tx&)> fn) {
    for (;;) {
        STOA_CHECK(ensure());
        auto status = lease_->command("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
        if (status) {
            SessionExecutor executor(*lease_);
            MariadbTx tx(executor, account);
            try {
                status = fn(tx);
            } catch (...) {
                lease_->abandon();  // nobody ends its transaction
                throw;
            }
            if (lease_->trouble() < Trouble::lost) (void)lease_->command("COMMIT");
        }
        if (status || !retry()) return status;
    }
}

}  // namespace stoa::db::mariadb
