#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cluster/database/database_process.hpp"
#include "cluster/database/watchdog.hpp"
#include "cluster/lab/command.hpp"
#include "cluster/lab/disk_stall.hpp"
#include "cluster/lab/host.hpp"
#include "cluster/lab/layout.hpp"
#include "cluster/lab/store.hpp"

namespace stoa::cluster::lab {

namespace {

/// What hosts of this lab, and processes under libfaketime that were killed, have left in /dev/shm.
void remove_shared_memory(const std::string& dir) {
    std::error_code none;
    for (const auto& host : std::filesystem::directory_iterator(dir, none))
        ::unlink(database::Watchdog::memory_file(host.path().string() + "/database/watchdog").c_str());
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", none)) {
        const std::string name = entry.path().filename().string();
        for (const std::string prefix : {"faketime_shm_", "sem.faketime_sem_"}) {
            if (!name.starts_with(prefix)) continue;
            const auto process = static_cast<pid_t>(std::atoi(name.c_str() + prefix.size()));
            if (database::process_identity(process).empty()) ::unlink(entry.path().c_str());
        }
    }
}

}  // namespace

Status remove_lab(const std::string& dir, const Progress& progress) {
    const std::string id = id_of(dir);
    // By the namespaces, not by lab.json: what an unfinished start left is found, too. All of a host
    // dies in one go, its agent with its services, until nobody is left who could start something.
    const auto left = spaces("stoa-" + id + "-");
    // Neither does a process end that waits for a frozen disk.
    (void)kill_all(space_of(id, "switch"));
    thaw_below(dir);
    std::string stuck;
    for (const std::string& name_space : left) {
        if (!kill_all(name_space)) stuck += " " + name_space;
    }
    if (!stuck.empty())
        return Error{Errc::timeout, "Processes in" + stuck + " do not end. Look at them: ip netns pids NAME"};
    remove_shared_memory(dir);
    unmount_below(dir);
    for (const std::string& name_space : left)
        remove_space(name_space);
    // The way in goes with the switch; a start that broke off before may have left it alone.
    (void)run({{"ip", "link", "delete", "stoa-" + id}, {}, {}, 10'000});
    if (std::error_code none; std::filesystem::exists(dir + "/lab.json", none)) {
        std::error_code error;
        std::filesystem::remove_all(dir, error);
        if (error) return internal_error("Cannot remove " + dir + ": " + error.message());
    }
    if (progress) progress(std::to_string(left.size()) + " namespaces removed");
    return {};
}

Status down(const std::string& dir, const Progress& progress) {
    if (::geteuid() != 0) return forbidden("A lab needs root. Try: sudo stoa lab down");
    const std::string absolute = absolute_dir(dir);
    STOA_TRY(const Fd lock, lock_lab(absolute));
    STOA_CHECK(remove_lab(absolute, progress));
    ::unlink(("/run/stoa-lab/" + id_of(absolute)).c_str());
    return {};
}

}  // namespace stoa::cluster::lab
