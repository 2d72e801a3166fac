#pragma once
// Test support: three members in processes of their own with a real MariaDB each, one etcd or three, and a writer whose
// acknowledged rows are counted in the end. One thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/engine_process.hpp"
#include "cluster/database/records.hpp"
#include "cluster/database/topology.hpp"
#include "cluster/etcd/testing/etcd_servers.hpp"
#include "db/database.hpp"

namespace stoa::cluster::database::testing {

class TestCluster {
  public:
    explicit TestCluster(int members = 3, std::size_t etcd_servers = 1);
    ~TestCluster();

    struct Host {
        std::string name, dir;
        std::uint16_t port = 0;
        std::unique_ptr<fixture::EngineProcess> agent;
    };
    Host& host(std::size_t i) { return hosts_[i]; }
    Host& host(const std::string& name);
    std::size_t size() const { return hosts_.size(); }
    fixture::EtcdServers& etcd() { return etcd_; }
    etcd::Client& client() { return *client_; }

    Status start_agent(Host& host);
    pid_t server_pid(const Host& host) const;
    void kill_server(const Host& host, int signal);

    ClusterView view();
    /// Name of who is open; empty when nobody is.
    std::string leader();
    bool wait_for_leader(const std::string& not_this = {}, int timeout_ms = 30'000);
    /// Everybody follows the leader and is listed.
    bool wait_until_whole(int timeout_ms = 60'000);
    /// As root on one server; what it prints.
    std::string sql(const Host& host, const std::string& text);
    /// The same for answers of any length.
    std::string column(const Host& host, const std::string& text);
    std::unique_ptr<db::Database> open();
    std::string logs() const;
    /// Where a row stands in each server's log of changes, for whoever must find out how it was lost.
    std::string history_of(std::int64_t id);

  private:
    fixture::TempDir dir_;
    fixture::EtcdServers etcd_;
    std::vector<Host> hosts_;
    std::unique_ptr<etcd::Client> client_;
};

/// Writes rows with receipts from several threads through the driver and remembers what was acknowledged.
class Writer {
  public:
    Writer(db::Database& database, int threads);
    ~Writer() { stop(); }
    void stop();
    std::int64_t acknowledged() const { return acknowledged_.load(); }
    std::int64_t failed() const { return failed_.load(); }
    /// Longest time without an acknowledgement since the last call, in ms.
    double take_longest_gap_ms();
    std::vector<std::int64_t> ids();

  private:
    void run(int number);

    db::Database& database_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> acknowledged_{0}, failed_{0}, last_us_{0}, longest_us_{0};
    Mutex mutex_;
    std::vector<std::int64_t> ids_ STOA_GUARDED_BY(mutex_);
    std::vector<std::thread> threads_;
};

}  // namespace stoa::cluster::database::testing
