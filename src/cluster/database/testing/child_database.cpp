#include "cluster/database/testing/child_database.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace stoa::cluster::database::testing {

ChildDatabase::ChildDatabase(std::string dir) : dir_(std::move(dir)) {
    std::ifstream file(dir_ + "/pid");
    file >> pid_ >> identity_;
    if (process_identity(pid_) != identity_) pid_ = 0;
}

pid_t ChildDatabase::pid() {
    const std::lock_guard lock(mutex_);
    return running();
}

pid_t ChildDatabase::running() {
    if (pid_ <= 0) return 0;
    if (child_ && ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = 0;
    } else if (!child_ && process_identity(pid_) != identity_) {
        pid_ = 0;
    }
    return pid_;
}

Status ChildDatabase::start(bool as_leader) {
    const std::lock_guard lock(mutex_);
    if (running() != 0) return {};
    const std::string config = "--defaults-file=" + dir_ + "/my.cnf";
    const std::string role = std::string("--init-rpl-role=") + (as_leader ? "MASTER" : "SLAVE");
    const std::string output = dir_ + "/output.txt";
    const pid_t child = ::fork();
    if (child < 0) return internal_error("fork failed");
    if (child == 0) {
        ::setsid();
        const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
        ::dup2(out, 1);
        ::dup2(out, 2);
        ::execl("/usr/sbin/mariadbd", "mariadbd", config.c_str(), role.c_str(), nullptr);
        ::_exit(127);
    }
    pid_ = child;
    child_ = true;
    identity_ = process_identity(child);
    std::ofstream(dir_ + "/pid", std::ios::trunc) << pid_ << ' ' << identity_ << '\n';
    return {};
}

void ChildDatabase::kill() {
    const std::lock_guard lock(mutex_);
    if (running() > 0) ::kill(pid_, SIGKILL);
}

}  // namespace stoa::cluster::database::testing
