#pragma once
// A mounted file system that hangs, sleeps or fails on command (sick_fs_main.cpp), for tests. It heals and is unmounted
// at the end. One thread at a time; needs /dev/fuse.

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "base/testing/engine_process.hpp"

namespace stoa::files::testing {

class SickMount {
  public:
    SickMount() {
        std::filesystem::create_directories(backing());
        std::filesystem::create_directories(path());
        start();
    }
    ~SickMount() {
        heal();
        if (process_) process_->kill();  // the kernel then ends every call that still waits
        ::umount2(path().c_str(), MNT_DETACH);
    }
    SickMount(const SickMount&) = delete;
    SickMount& operator=(const SickMount&) = delete;

    std::string path() const { return folder_.path("mount"); }
    std::string backing() const { return folder_.path("backing"); }  ///< the same files, without the ailments

    /// "hang *", "sleep fsync 300", "fail write 28"; replaces what was said before.
    void suffer(const std::string& ailments) {
        const std::string next = folder_.path("control.next");
        std::ofstream(next) << ailments << '\n';
        std::filesystem::rename(next, folder_.path("control"));
    }
    void heal() { suffer(""); }
    /// SIGSTOP and SIGCONT of the file system's process.
    void freeze() { process_->freeze(); }
    void thaw() { process_->thaw(); }
    /// Its server dies; the mount is still there and answers "Transport endpoint is not connected".
    void kill() { process_->kill(); }
    void unmount() const { ::umount2(path().c_str(), MNT_DETACH); }
    void start() {
        auto started =
            fixture::EngineProcess::start({{STOA_SICK_FS, backing(), folder_.path("control"), path()}, folder_.path()});
        ASSERT_TRUE(started.ok()) << started.error().message;
        process_ = std::move(*started);
        const auto mounted = process_->wait_until([this] { return device(path()) != device(folder_.path()); });
        ASSERT_TRUE(mounted.ok()) << mounted.error().message;
    }

  private:
    static dev_t device(const std::string& path) {
        struct stat info {};
        return ::stat(path.c_str(), &info) == 0 ? info.st_dev : 0;
    }

    fixture::TempDir folder_;
    std::unique_ptr<fixture::EngineProcess> process_;
};

}  // namespace stoa::files::testing
