#include "db/shared_words.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace stoa::db {

Result<std::unique_ptr<SharedWords>> SharedWords::open(const std::string& store) {
    const std::string path = store + "-shared";
    constexpr std::size_t kBytes = kWords * sizeof(std::uint64_t);
    const auto failed = [&] {
        return invalid(
            "Cannot use the file " + path + ": " + std::strerror(errno) + ". Check the owner of the data folder.",
            "path");
    };
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return failed();
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return failed();
    // Never shorter: another process may have it mapped.
    if (status.st_size < static_cast<off_t>(kBytes) && ::ftruncate(fd.get(), kBytes) != 0) return failed();
    void* mapped = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (mapped == MAP_FAILED) return failed();
    return std::unique_ptr<SharedWords>(new SharedWords(std::move(fd), static_cast<std::uint64_t*>(mapped)));
}

SharedWords::~SharedWords() {
    ::munmap(words_, kWords * sizeof(std::uint64_t));
}

void SharedWords::begin_homes_change() {
    const auto epoch = word(kHomesEpoch);
    epoch.store(epoch.load() | 1U);
}

void SharedWords::end_homes_change() {
    const auto epoch = word(kHomesEpoch);
    epoch.store((epoch.load() | 1U) + 1);
}

bool SharedWords::try_lock_for_move() {
    return ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0;
}

void SharedWords::unlock_for_move() {
    (void)::flock(fd_.get(), LOCK_UN);
}

}  // namespace stoa::db
