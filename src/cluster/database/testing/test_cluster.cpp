#include "cluster/database/testing/test_cluster.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/clock.hpp"
#include "cluster/database/database_process.hpp"

namespace stoa::cluster::database::testing {
namespace {

constexpr const char* kPassword = "only-for-this-test";

void must(const Status& status) {
    if (!status) throw std::runtime_error(status.error().message);
}

std::string my_cnf(const std::string& dir, std::uint16_t port, int id) {
    return "[mariadbd]\nuser=root\ndatadir=" + dir + "/data\ntmpdir=" + dir + "/tmp\nsocket=" + dir +
           "/socket\nport=" + std::to_string(port) + "\nbind-address=127.0.0.1\npid-file=" + dir +
           "/mariadbd.pid\nserver_id=" + std::to_string(id) +
           "\nskip-name-resolve\nsync_binlog=1\ninnodb_flush_log_at_trx_commit=1\nlog_bin=bin\nlog_slave_updates=1\n"
           "binlog_format=ROW\ngtid_domain_id=0\ngtid_strict_mode=1\nrelay_log=relay\nrelay_log_recovery=1\n"
           "skip_slave_start=1\nread_only=1\nslave_parallel_threads=4\nslave_parallel_mode=optimistic\n"
           "slave_net_timeout=4\nrpl_semi_sync_master_enabled=0\nrpl_semi_sync_slave_enabled=0\n"
           "rpl_semi_sync_master_wait_point=AFTER_SYNC\nrpl_semi_sync_master_timeout=4294967295\n"
           "rpl_semi_sync_master_wait_no_slave=1\nrpl_semi_sync_slave_kill_conn_timeout=1\n"
           "innodb_buffer_pool_size=32M\ninnodb_log_file_size=32M\ninnodb_log_buffer_size=2M\nkey_buffer_size=1M\n"
           "aria_pagecache_buffer_size=1M\nperformance_schema=0\nmax_connections=200\n"
           "innodb_buffer_pool_dump_at_shutdown=0\ninnodb_buffer_pool_load_at_startup=0\n";
}

}  // namespace

TestCluster::TestCluster(int members, std::size_t etcd_servers) : etcd_(etcd_servers) {
    must(etcd_.start());
    client_ = std::make_unique<etcd::Client>(etcd::ClientOptions{etcd_.endpoints()});
    const std::string seed = dir_.path("seed");
    std::filesystem::create_directory(seed);
    const auto installed =
        fixture::run_command({"mariadb-install-db", "--no-defaults", "--datadir=" + seed, "--user=root",
                              "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"},
                             120'000);
    if (!installed) throw std::runtime_error(installed.error().message);
    for (int i = 1; i <= members; ++i) {
        Host host;
        host.name = "db" + std::to_string(i);
        host.dir = dir_.path(host.name);
        host.port = fixture::free_port();
        std::filesystem::create_directories(host.dir + "/tmp");
        std::filesystem::copy(seed, host.dir + "/data", std::filesystem::copy_options::recursive);
        std::ofstream(host.dir + "/my.cnf") << my_cnf(host.dir, host.port, i);
        hosts_.push_back(std::move(host));
    }
    for (auto& host : hosts_)
        must(start_agent(host));
}

TestCluster::~TestCluster() {
    for (auto& host : hosts_)
        host.agent.reset();
    for (auto& host : hosts_)
        kill_server(host, SIGKILL);
}

TestCluster::Host& TestCluster::host(const std::string& name) {
    const auto at = std::find_if(hosts_.begin(), hosts_.end(), [&](const Host& one) { return one.name == name; });
    if (at == hosts_.end()) throw std::runtime_error("no host " + name);
    return *at;
}

Status TestCluster::start_agent(Host& host) {
    std::string endpoints;
    for (const auto& one : etcd_.endpoints())
        endpoints += (endpoints.empty() ? "" : ",") + one;
    std::string names;
    for (const auto& one : hosts_)
        names += (names.empty() ? "" : ",") + one.name;
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "database_test_member";
    STOA_TRY(host.agent,
             fixture::EngineProcess::start({{program.string(), host.dir, host.name, std::to_string(host.port),
                                             endpoints, names, std::to_string(::getpid())},
                                            host.dir,
                                            "agent.txt"}));
    return {};
}

pid_t TestCluster::server_pid(const Host& host) const {
    pid_t pid = 0;
    std::string identity;
    std::ifstream(host.dir + "/pid") >> pid >> identity;
    return pid > 0 && process_identity(pid) == identity ? pid : 0;
}

void TestCluster::kill_server(const Host& host, int signal) {
    if (const pid_t pid = server_pid(host); pid > 0) ::kill(pid, signal);
}

ClusterView TestCluster::view() {
    const DatabaseKeys keys{Keys("stoa")};
    std::map<std::string, std::string, std::less<>> values;
    const auto listing = client_->get_prefix(keys.root());
    if (!listing) return {};
    for (const auto& item : listing->items)
        values.emplace(item.key, item.value);
    return read_view(keys, values, listing->revision, true);
}

std::string TestCluster::leader() {
    const auto now = view();
    return now.leader && now.leader->open ? now.leader->name : "";
}

bool TestCluster::wait_for_leader(const std::string& not_this, int timeout_ms) {
    return fixture::eventually(
        [&] {
            const auto name = leader();
            return !name.empty() && name != not_this;
        },
        timeout_ms);
}

bool TestCluster::wait_until_whole(int timeout_ms) {
    return fixture::eventually(
        [&] {
            const auto now = view();
            if (!now.leader || !now.leader->open || !now.acknowledgers) return false;
            for (const auto& one : hosts_) {
                if (one.name == now.leader->name) continue;
                const auto member = now.members.find(one.name);
                const auto* listed = now.acknowledgers->member(one.name);
                if (member == now.members.end() || listed == nullptr || listed->life != member->second.life)
                    return false;
                if (!member->second.receiving || !member->second.acknowledges) return false;
            }
            return true;
        },
        timeout_ms);
}

std::string TestCluster::sql(const Host& host, const std::string& text) {
    auto out = fixture::run_command({"mariadb", "--no-defaults", "--socket=" + host.dir + "/socket", "--user=root",
                                     "--batch", "--skip-column-names", "-e", text});
    return out ? std::move(*out) : "error: " + out.error().message;
}

std::string TestCluster::column(const Host& host, const std::string& text) {
    const std::string file = dir_.path("column");
    const auto done =
        fixture::run_command({"sh", "-c",
                              "mariadb --no-defaults --socket=" + host.dir +
                                  "/socket --user=root --batch --skip-column-names -e \"" + text + "\" > " + file});
    if (!done) throw std::runtime_error(done.error().message);
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::unique_ptr<db::Database> TestCluster::open() {
    const auto& primary = host(leader());
    sql(primary,
        "CREATE DATABASE IF NOT EXISTS portal CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; "
        "CREATE USER IF NOT EXISTS stoa@'127.0.0.1' IDENTIFIED BY '" +
            std::string(kPassword) +
            "'; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX ON portal.* TO "
            "stoa@'127.0.0.1'");
    db::MariadbOptions options;
    std::vector<std::string> addresses;
    for (const auto& one : hosts_) {
        options.url.hosts.push_back({"127.0.0.1", one.port});
        addresses.push_back("127.0.0.1:" + std::to_string(one.port));
    }
    options.url.scheme = "mariadb";
    options.url.user = "stoa";
    options.url.path = "portal";
    options.password = kPassword;
    options.topology = std::make_shared<EtcdTopology>("stoa", etcd::ClientOptions{etcd_.endpoints()}, addresses);
    auto opened = db::open_mariadb(options);
    if (!opened) throw std::runtime_error(opened.error().message);
    db::TableDef table;
    table.name = "entry";
    table.columns = {{"id"}};
    table.primary_key = {"id"};
    must((*opened)->migrate(db::core_migrations(), {table}));
    return std::move(*opened);
}

std::string TestCluster::logs() const {
    std::string out;
    for (const auto& one : hosts_) {
        out += "--- " + one.name + "\n" + (one.agent ? one.agent->output() : "") + "\n";
        std::ifstream server(one.dir + "/output.txt");
        for (std::string line; std::getline(server, line);) {
            if (line.find("truncat") != std::string::npos || line.find("recover") != std::string::npos ||
                line.find("Recover") != std::string::npos || line.find("[ERROR]") != std::string::npos) {
                out += line + "\n";
            }
        }
    }
    return out;
}

std::string TestCluster::history_of(std::int64_t id) {
    std::string out;
    for (const auto& one : hosts_) {
        auto found = fixture::run_command({"sh", "-c",
                                           "mariadb-binlog --no-defaults --base64-output=decode-rows -v " + one.dir +
                                               "/data/bin.0* | grep -E "
                                               "'^#.*GTID|@2=" +
                                               std::to_string(id) + "$' | grep -B1 '@2=' | head -3"});
        out += one.name + " " + (found ? *found : found.error().message) + " ";
    }
    return out;
}

Writer::Writer(db::Database& database, int threads) : database_(database) {
    last_us_ = system_clock().monotonic_us();
    for (int i = 0; i < threads; ++i)
        threads_.emplace_back([this, i] { run(i); });
}

void Writer::stop() {
    stopping_ = true;
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

void Writer::run(int number) {
    static std::atomic<std::int64_t> writers{0};
    const std::int64_t first = (writers.fetch_add(1) + 1) * 10'000'000;
    for (std::int64_t n = 0; !stopping_; ++n) {
        const std::int64_t id = first + n;
        // Each thread has an account of its own: they do not wait for each other.
        const auto outcome = database_.write_and_wait({number + 1, "entry-" + std::to_string(id), "digest"},
                                                      [id](db::WriteTx& tx) -> Result<std::string> {
                                                          const db::Assignment row[] = {{"id", id}};
                                                          STOA_CHECK(tx.insert("entry", row));
                                                          return std::string("saved");
                                                      });
        if (!outcome) {
            ++failed_;
            ::usleep(1'000);
            continue;
        }
        const auto now = system_clock().monotonic_us();
        const auto gap = now - last_us_.exchange(now);
        auto longest = longest_us_.load();
        while (gap > longest && !longest_us_.compare_exchange_weak(longest, gap)) {
        }
        ++acknowledged_;
        MutexLock lock(mutex_);
        ids_.push_back(id);
    }
}

double Writer::take_longest_gap_ms() {
    return static_cast<double>(longest_us_.exchange(0)) / 1'000;
}

std::vector<std::int64_t> Writer::ids() {
    MutexLock lock(mutex_);
    return ids_;
}

}  // namespace stoa::cluster::database::testing
