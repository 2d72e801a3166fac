#include "app/doctor/database_variables.hpp"

#include <algorithm>

namespace stoa::app::doctor {
namespace {

using db::ServerFacts;

constexpr std::int64_t kMiB = 1024 * 1024;
constexpr std::int64_t kGiB = 1024 * kMiB;
constexpr std::int64_t kForeverMs = 3'600'000;

bool is(const ServerFacts& s, const char* name, std::string_view value) {
    return s.variable(name) == value;
}

/// How much redo log keeps checkpoints from stalling writes: 512 MB and more for tens of GB, less for less.
std::int64_t redo_log_wanted(std::int64_t data_bytes) {
    if (data_bytes < kGiB) return 64 * kMiB;
    return data_bytes < 8 * kGiB ? 256 * kMiB : 512 * kMiB;
}

// https://mariadb.com/kb/en/server-system-variables/ and the pages of each; what was measured about semi-synchronous
// replication stands in docs/engines.md.
constexpr VariableRow kRows[] = {
    // What was answered must survive.
    {"binlog_format", kEvery, Level::error, "ROW", [](const ServerFacts& s) { return is(s, "binlog_format", "ROW"); },
     "Statements may do something else on a replica. In my.cnf: binlog_format=ROW"},
    {"innodb_flush_log_at_trx_commit", kAlone | kReplicated, Level::error, "1",
     [](const ServerFacts& s) { return is(s, "innodb_flush_log_at_trx_commit", "1"); },
     "A power cut loses commits that were answered. In my.cnf: innodb_flush_log_at_trx_commit=1"},
    {"innodb_flush_log_at_trx_commit", kGalera, Level::warning, "1",
     [](const ServerFacts& s) { return is(s, "innodb_flush_log_at_trx_commit", "1"); },
     "A power cut of all servers at once loses commits that were answered. In my.cnf: "
     "innodb_flush_log_at_trx_commit=1"},
    {"innodb_doublewrite", kEvery, Level::error, "ON",
     [](const ServerFacts& s) { return is(s, "innodb_doublewrite", "ON"); },
     "A power cut can leave half-written pages. In my.cnf: innodb_doublewrite=ON"},
    {"sync_binlog", kAlone | kReplicated, Level::error, "1",
     [](const ServerFacts& s) { return is(s, "sync_binlog", "1") || is(s, "log_bin", "OFF"); },
     "After a power cut the log that replicas read lacks commits. In my.cnf: sync_binlog=1"},
    {"log_bin", kReplicated, Level::error, "ON", [](const ServerFacts& s) { return is(s, "log_bin", "ON"); },
     "Nothing can follow this server. In my.cnf: log_bin"},
    {"log_bin", kAlone, Level::warning, "ON", [](const ServerFacts& s) { return is(s, "log_bin", "ON"); },
     "No replica can be added and no point in time restored. In my.cnf: log_bin"},
    {"gtid_strict_mode", kReplicated, Level::error, "ON",
     [](const ServerFacts& s) { return is(s, "gtid_strict_mode", "ON"); },
     "Servers that drift apart are not noticed. In my.cnf: gtid_strict_mode=1"},
    {"gtid_strict_mode", kAlone, Level::warning, "ON",
     [](const ServerFacts& s) { return is(s, "gtid_strict_mode", "ON") || is(s, "log_bin", "OFF"); },
     "Servers that drift apart are not noticed. In my.cnf: gtid_strict_mode=1"},
    {"log_slave_updates", kReplica, Level::warning, "ON",
     [](const ServerFacts& s) { return is(s, "log_slave_updates", "ON"); },
     "If this server became the primary, the others could not follow it. In my.cnf: log_slave_updates=1"},

    // Semi-synchronous replication: no commit is answered that only one machine has.
    {"rpl_semi_sync_master_enabled", kPrimary, Level::error, "ON",
     [](const ServerFacts& s) { return is(s, "rpl_semi_sync_master_enabled", "ON"); },
     "When this machine dies, commits that were answered are lost. SET GLOBAL rpl_semi_sync_master_enabled=1"},
    {"rpl_semi_sync_master_wait_point", kPrimary, Level::error, "AFTER_SYNC",
     [](const ServerFacts& s) { return is(s, "rpl_semi_sync_master_wait_point", "AFTER_SYNC"); },
     "Others see commits that a failover loses. In my.cnf: rpl_semi_sync_master_wait_point=AFTER_SYNC"},
    {"rpl_semi_sync_master_timeout", kReplicated, Level::warning, "3600000 or more",
     [](const ServerFacts& s) { return s.number("rpl_semi_sync_master_timeout") >= kForeverMs; },
     "After so many milliseconds it goes on without replicas and says nothing. In my.cnf: "
     "rpl_semi_sync_master_timeout=4294967295"},
    {"rpl_semi_sync_master_wait_no_slave", kReplicated, Level::warning, "ON",
     [](const ServerFacts& s) { return is(s, "rpl_semi_sync_master_wait_no_slave", "ON"); },
     "Without replicas it commits alone. In my.cnf: rpl_semi_sync_master_wait_no_slave=1"},
    {"rpl_semi_sync_slave_enabled", kReplica, Level::warning, "ON",
     [](const ServerFacts& s) { return is(s, "rpl_semi_sync_slave_enabled", "ON"); },
     "This replica acknowledges nothing. In my.cnf: rpl_semi_sync_slave_enabled=1"},
    {"rpl_semi_sync_master_enabled", kReplica, Level::error, "OFF",
     [](const ServerFacts& s) { return is(s, "rpl_semi_sync_master_enabled", "OFF"); },
     "It waits for acknowledgements that nobody gives and stops applying. SET GLOBAL rpl_semi_sync_master_enabled=0; "
     "turn it on when it becomes the primary"},
    {"slave_net_timeout", kReplica, Level::warning, "at most 10",
     [](const ServerFacts& s) { return s.number("slave_net_timeout") <= 10; },
     "A primary that is silent is noticed so many seconds late. In my.cnf: slave_net_timeout=4"},

    // Galera.
    {"innodb_autoinc_lock_mode", kGalera, Level::error, "2",
     [](const ServerFacts& s) { return is(s, "innodb_autoinc_lock_mode", "2"); },
     "Galera needs it. In my.cnf: innodb_autoinc_lock_mode=2"},
    {"default_storage_engine", kEvery, Level::error, "InnoDB",
     [](const ServerFacts& s) { return is(s, "default_storage_engine", "InnoDB"); },
     "Other engines know no transactions. In my.cnf: default_storage_engine=InnoDB"},

    // Safety and sizes.
    {"query_cache_type", kEvery, Level::error, "OFF",
     [](const ServerFacts& s) { return is(s, "query_cache_type", "OFF") || is(s, "query_cache_size", "0"); },
     "It gives old answers on replicas and one lock slows all. In my.cnf: query_cache_type=0"},
    {"local_infile", kEvery, Level::warning, "OFF", [](const ServerFacts& s) { return is(s, "local_infile", "OFF"); },
     "Clients can be made to send files of theirs. In my.cnf: local_infile=0"},
    {"innodb_log_file_size", kEvery, Level::warning, "64 MB; 256 MB from 1 GB of data on, 512 MB from 8 GB on",
     [](const ServerFacts& s) { return s.number("innodb_log_file_size") >= redo_log_wanted(s.data_bytes); },
     "Writes stall while a full redo log is written back. In my.cnf: innodb_log_file_size=512M"},
    {"innodb_buffer_pool_size", kEvery, Level::warning, "a quarter of the data, or more",
     [](const ServerFacts& s) { return s.number("innodb_buffer_pool_size") >= std::min(s.data_bytes / 4, 64 * kGiB); },
     "Reads go to the disk. In my.cnf: innodb_buffer_pool_size=…"},
    {"max_allowed_packet", kEvery, Level::warning, "16777216 or more",
     [](const ServerFacts& s) { return s.number("max_allowed_packet") >= 16 * kMiB; },
     "Large texts are refused. In my.cnf: max_allowed_packet=16M"},
};

}  // namespace

std::span<const VariableRow> variable_rows() {
    return kRows;
}

}  // namespace stoa::app::doctor
