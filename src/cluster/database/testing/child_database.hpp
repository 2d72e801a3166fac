#pragma once
// Test support: mariadbd as a child of a member's process, which survives it and is found again by the next one.

#include <mutex>
#include <string>

#include "cluster/database/database_process.hpp"

namespace stoa::cluster::database::testing {

class ChildDatabase final : public DatabaseProcess {
  public:
    /// `dir` holds my.cnf; the file pid is kept there.
    explicit ChildDatabase(std::string dir);
    pid_t pid() override;
    Status start(bool as_leader) override;
    void kill() override;

  private:
    pid_t running();

    std::mutex mutex_;
    const std::string dir_;
    std::string identity_;
    pid_t pid_ = 0;
    bool child_ = false;
};

}  // namespace stoa::cluster::database::testing
