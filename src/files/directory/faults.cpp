#include "files/directory/faults.hpp"

#include <cerrno>
#include <system_error>

#include "base/log.hpp"

namespace stoa::files {
namespace {

struct Row {
    int code;
    Errc errc;
    bool down;
    const char* message;
    const char* action;
};

constexpr Row kRows[] = {
    {ENOSPC, Errc::unavailable, false, "The file store is full.", "free or add space"},
    {EDQUOT, Errc::unavailable, false, "The quota of the file store is used up.", "raise the quota or free space"},
    {EROFS, Errc::unavailable, false, "The file store is read-only.",
     "remount it for writing; after errors of the disk, check it first"},
    {EACCES, Errc::unavailable, false, "The file store refuses access to this program.",
     "give the user of this process the folder: chown -R"},
    {EPERM, Errc::unavailable, false, "The file store refuses access to this program.",
     "give the user of this process the folder: chown -R"},
    {EIO, Errc::unavailable, true, "The file store has an input/output error.",
     "look at the kernel's log; check the disk or the server of the mount"},
    {ESTALE, Errc::unavailable, true, "The file store's mount is stale.", "unmount and mount the share again"},
    {ENOTCONN, Errc::unavailable, true, "The file store's mount has lost its server.",
     "unmount and mount the share again"},
    {ETIMEDOUT, Errc::unavailable, true, "The file store's server does not answer.", "look at the server of the mount"},
    {EHOSTDOWN, Errc::unavailable, true, "The file store's server is down.", "look at the server of the mount"},
    {EHOSTUNREACH, Errc::unavailable, true, "The file store's server cannot be reached.", "look at the network"},
    {ENETUNREACH, Errc::unavailable, true, "The file store's server cannot be reached.", "look at the network"},
    {ECONNABORTED, Errc::unavailable, true, "The file store's mount was cut off.", "unmount and mount the share again"},
    {EMFILE, Errc::busy, false, "Too many files are open.", "raise LimitNOFILE of the service"},
    {ENFILE, Errc::busy, false, "Too many files are open.", "raise fs.file-max"},
    {EFBIG, Errc::too_large, false, "The file store does not take files of this size.",
     "raise the limit, or use another file system"},
    {ELOOP, Errc::internal, false, "The file store is damaged.",
     "remove the symbolic link: stored files are never reached through one"},
    {ENOTDIR, Errc::internal, false, "The file store is damaged.",
     "a file stands where a folder belongs: restore from a backup"},
    {EISDIR, Errc::internal, false, "The file store is damaged.",
     "a folder stands where a file belongs: restore from a backup"},
};
constexpr Row kOther = {0, Errc::internal, false, "The file store failed.", "look at the kernel's log"};

const Row& row_of(int code) {
    for (const Row& row : kRows) {
        if (row.code == code) return row;
    }
    return kOther;
}

}  // namespace

Error directory_fault(std::string_view what, const std::string& path, int code, Beat& beat) {
    const Row& row = row_of(code);
    const bool bad_spot = code == EIO && what == "read";  // one file may be unreadable and the rest well
    if (row.down && !bad_spot) beat.store_is_down();
    log::error("file_store_failed",
               {{"call", what}, {"path", path}, {"reason", std::generic_category().message(code)}, {"do", row.action}});
    return {row.errc, row.message, {}, {}, row.errc == Errc::unavailable || row.errc == Errc::busy ? 10 : 0};
}

Error store_missing(const std::string& root, Beat& beat) {
    beat.store_is_down();
    log::error("file_store_missing",
               {{"path", root}, {"do", "mount the share there; if it is another one now, restart"}});
    return {Errc::unavailable,
            "The folder of the file store is not the one that was there before: is it mounted?",
            {},
            {},
            10};
}

Error abandoned() {
    return {Errc::timeout, "The operation was given up."};
}

}  // namespace stoa::files
