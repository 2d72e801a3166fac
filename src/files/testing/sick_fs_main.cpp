// sick_fs BACKING CONTROL MOUNTPOINT: a FUSE file system for tests that passes everything on to the folder BACKING and
// falls ill on command. The file CONTROL says how, one line per ailment; it is read anew at each call:
//   hang CALL         waits until the line is gone
//   sleep CALL MS
//   fail CALL ERRNO
// CALL is a name below ("write", "fsync", "rename", …) or "*". Runs in the foreground.

#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace {

std::string g_backing;
std::string g_control;

std::string real(const char* path) {
    return g_backing + path;
}
int result(int code) {
    return code < 0 ? -errno : 0;
}
int fd_of(const fuse_file_info* info) {
    return static_cast<int>(info->fh);
}

struct Ailment {
    std::string kind;
    int value = 0;
};

Ailment ailment_of(const std::string& call) {
    std::ifstream control(g_control);
    Ailment found;
    std::string which;
    while (control >> found.kind >> which) {
        if (found.kind != "hang") control >> found.value;
        if (which == "*" || which == call) return found;
    }
    return {};
}

/// 0, or the negative errno with which the call is to fail.
int suffer(const char* call) {
    Ailment ailment = ailment_of(call);
    if (ailment.kind == "sleep") std::this_thread::sleep_for(std::chrono::milliseconds(ailment.value));
    if (ailment.kind == "fail") return -ailment.value;
    while (ailment.kind == "hang") {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        ailment = ailment_of(call);
    }
    return 0;
}

template <class F>
int call(const char* name, F&& f) {
    const int code = suffer(name);
    return code != 0 ? code : f();
}

fuse_operations operations() {
    fuse_operations ops{};
    ops.init = [](fuse_conn_info*, fuse_config* config) -> void* {
        config->hard_remove = 1;
        config->use_ino = 1;
        config->entry_timeout = 0;
        config->attr_timeout = 0;
        config->negative_timeout = 0;
        return nullptr;
    };
    ops.getattr = [](const char* path, struct stat* info, fuse_file_info* file) {
        return call("getattr", [&] {
            return result(file != nullptr ? ::fstat(fd_of(file), info) : ::lstat(real(path).c_str(), info));
        });
    };
    ops.mkdir = [](const char* path, mode_t mode) {
        return call("mkdir", [&] { return result(::mkdir(real(path).c_str(), mode)); });
    };
    ops.unlink = [](const char* path) { return call("unlink", [&] { return result(::unlink(real(path).c_str())); }); };
    ops.rmdir = [](const char* path) { return call("rmdir", [&] { return result(::rmdir(real(path).c_str())); }); };
    ops.rename = [](const char* from, const char* to, unsigned) {
        return call("rename", [&] { return result(::rename(real(from).c_str(), real(to).c_str())); });
    };
    ops.link = [](const char* from, const char* to) {
        return call("link", [&] { return result(::link(real(from).c_str(), real(to).c_str())); });
    };
    ops.truncate = [](const char* path, off_t size, fuse_file_info*) {
        return call("truncate", [&] { return result(::truncate(real(path).c_str(), size)); });
    };
    ops.open = [](const char* path, fuse_file_info* info) {
        return call("open", [&] {
            const int fd = ::open(real(path).c_str(), info->flags & ~O_NOFOLLOW);
            info->fh = static_cast<std::uint64_t>(fd);
            return result(fd);
        });
    };
    ops.create = [](const char* path, mode_t mode, fuse_file_info* info) {
        return call("create", [&] {
            const int fd = ::open(real(path).c_str(), info->flags | O_CREAT, mode);
            info->fh = static_cast<std::uint64_t>(fd);
            return result(fd);
        });
    };
    ops.read = [](const char*, char* to, std::size_t size, off_t offset, fuse_file_info* info) {
        return call("read", [&] {
            const ssize_t n = ::pread(fd_of(info), to, size, offset);
            return n < 0 ? -errno : static_cast<int>(n);
        });
    };
    ops.write = [](const char*, const char* from, std::size_t size, off_t offset, fuse_file_info* info) {
        return call("write", [&] {
            const ssize_t n = ::pwrite(fd_of(info), from, size, offset);
            return n < 0 ? -errno : static_cast<int>(n);
        });
    };
    ops.statfs = [](const char* path, struct statvfs* info) {
        return call("statfs", [&] { return result(::statvfs(real(path).c_str(), info)); });
    };
    ops.release = [](const char*, fuse_file_info* info) { return result(::close(fd_of(info))); };
    ops.fsync = [](const char*, int, fuse_file_info* info) {
        return call("fsync", [&] { return result(::fsync(fd_of(info))); });
    };
    ops.fsyncdir = [](const char*, int, fuse_file_info*) { return call("fsyncdir", [] { return 0; }); };
    ops.readdir = [](const char* path, void* to, fuse_fill_dir_t fill, off_t, fuse_file_info*, fuse_readdir_flags) {
        return call("readdir", [&] {
            DIR* directory = ::opendir(real(path).c_str());
            if (directory == nullptr) return -errno;
            while (const dirent* entry = ::readdir(directory))
                fill(to, entry->d_name, nullptr, 0, fuse_fill_dir_flags{});
            ::closedir(directory);
            return 0;
        });
    };
    return ops;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    g_backing = argv[1];
    g_control = argv[2];
    std::string program = argv[0], foreground = "-f", option = "-o", threads = "max_idle_threads=40", point = argv[3];
    char* arguments[] = {program.data(), foreground.data(), option.data(), threads.data(), point.data(), nullptr};
    const fuse_operations ops = operations();
    return fuse_main(5, arguments, &ops, nullptr);
}
