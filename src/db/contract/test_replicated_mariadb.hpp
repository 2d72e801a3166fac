#pragma once
// Tests only: a primary (server 1) and a replica (server 2) that follows it. One thread.

#include <string>

#include "db/contract/test_mariadb.hpp"

namespace stoa::db {

struct ReplicatedMariadb {
    TestMariadb primary{{"--server-id=1", "--log-slave-updates=1"}};
    TestMariadb replica{{"--server-id=2", "--log-slave-updates=1", "--read-only=1"}};
    ReplicatedMariadb() {
        const std::string user =
            "CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'r'; GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'; ";
        primary.sql(user);
        // Both made their users themselves; what follows must come from the primary.
        replica.sql("SET sql_log_bin=0; " + user + "RESET MASTER; SET GLOBAL gtid_slave_pos='" +
                    trimmed(primary.sql("SELECT @@gtid_binlog_pos")) +
                    "'; CHANGE MASTER TO master_host='127.0.0.1', master_port=" + std::to_string(primary.port()) +
                    ", master_user='repl', master_password='r', master_use_gtid=slave_pos; START SLAVE");
    }
    static std::string trimmed(std::string text) {
        while (text.ends_with('\n'))
            text.pop_back();
        return text;
    }
};

}  // namespace stoa::db
