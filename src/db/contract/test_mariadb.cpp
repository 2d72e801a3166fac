#include "db/contract/test_mariadb.hpp"

#include <filesystem>
#include <stdexcept>

namespace stoa::db {
namespace {

constexpr const char* kPassword = "only-for-this-test";

std::string must(Result<std::string> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

}  // namespace

TestMariadb::TestMariadb(std::vector<std::string> settings)
    : port_(fixture::free_port()), socket_(dir_.path("s.sock")) {
    // A server that starts removes what looks like its leftovers from the folder for temporary files, those of its
    // neighbours included.
    const std::string tmp = dir_.path("tmp");
    std::filesystem::create_directory(tmp);
    must(fixture::run_command(
        {"mariadb-install-db", "--no-defaults", "--datadir=" + dir_.path("data"), "--tmpdir=" + tmp, "--user=root",
         "--auth-root-authentication-method=normal", "--skip-test-db"},
        60'000));
    std::vector<std::string> argv{"mariadbd",
                                  "--no-defaults",
                                  "--user=root",
                                  "--datadir=" + dir_.path("data"),
                                  "--tmpdir=" + tmp,
                                  "--socket=" + socket_,
                                  "--port=" + std::to_string(port_),
                                  "--bind-address=127.0.0.1",
                                  "--pid-file=" + dir_.path("pid"),
                                  "--log-bin=" + dir_.path("data/binlog"),
                                  "--server-id=1",
                                  "--binlog-format=ROW",
                                  "--gtid-strict-mode=1",
                                  "--sync-binlog=1",
                                  "--innodb-flush-log-at-trx-commit=1",
                                  "--innodb-buffer-pool-size=32M",
                                  "--innodb-log-file-size=32M",
                                  "--performance-schema=0",
                                  "--skip-name-resolve"};
    argv.insert(argv.end(), settings.begin(), settings.end());
    auto started = fixture::EngineProcess::start({std::move(argv), dir_.path()});
    if (!started) throw std::runtime_error(started.error().message);
    process_ = std::move(*started);
    wait_until_ready();
    sql("CREATE USER IF NOT EXISTS stoa@'127.0.0.1' IDENTIFIED BY '" + std::string(kPassword) + "'");
}

TestMariadb& TestMariadb::instance() {
    static TestMariadb server;
    return server;
}

void TestMariadb::wait_until_ready() {
    const auto ready = process_->wait_for_port(port_, 60'000);
    if (!ready) throw std::runtime_error(ready.error().message);
}

std::string TestMariadb::sql(const std::string& text) const {
    return must(fixture::run_command({"mariadb", "--no-defaults", "--socket=" + socket_, "--user=root", "--batch",
                                      "--skip-column-names", "-e", text}));
}

std::string TestMariadb::new_schema() {
    const std::string name = "test_" + std::to_string(++schemas_);
    sql("CREATE DATABASE " + name +
        " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; GRANT SELECT, INSERT, UPDATE, DELETE, "
        "CREATE, DROP, ALTER, INDEX ON " +
        name + ".* TO stoa@'127.0.0.1'");
    return name;
}

MariadbOptions TestMariadb::options(const std::string& schema) const {
    MariadbOptions options;
    options.url = {"mariadb", "stoa", "", {{"127.0.0.1", port_}}, schema, {}};
    options.password = kPassword;
    return options;
}

}  // namespace stoa::db
