#pragma once
// A MariaDB server for the tests of one program: started when first asked for, stopped at the end.

#include <memory>
#include <string>

#include "base/testing/engine_process.hpp"
#include "db/database.hpp"

namespace stoa::db {

/// One mariadbd with a folder and a port of its own.
class TestMariadb {
  public:
    /// Settings besides those that keep it small and durable: "--server-id=2", "--read-only".
    explicit TestMariadb(std::vector<std::string> settings = {});
    /// Shared by all tests of the program that do not hurt it.
    static TestMariadb& instance();

    std::string new_schema();
    MariadbOptions options(const std::string& schema) const;
    std::uint16_t port() const { return port_; }
    fixture::EngineProcess& process() { return *process_; }
    /// As root; what it prints.
    std::string sql(const std::string& text) const;
    void wait_until_ready();

  private:
    fixture::TempDir dir_;
    std::uint16_t port_;
    std::string socket_;
    std::unique_ptr<fixture::EngineProcess> process_;
    int schemas_ = 0;
};

}  // namespace stoa::db
