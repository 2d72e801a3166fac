#include "files/directory/tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/log.hpp"
#include "base/random.hpp"
#include "files/directory/faults.hpp"

namespace stoa::files {
namespace {

constexpr const char* kOwnFolder = ".stoa";
constexpr const char* kTemporaryFolder = "tmp";
constexpr const char* kIdFile = "id";
constexpr std::string_view kIdPrefix = "stoa file store ";
constexpr std::string_view kBlobEnding = ".blob";
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr mode_t kFolderMode = 0750;
constexpr mode_t kFileMode = 0640;
constexpr time_t kLeftoverAgeS = 3600;
constexpr int kLeftoversAtOnceMax = 10'000;

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Directory list(const Fd& folder) {
    const int copy = ::openat(folder.get(), ".", kFolderFlags);
    if (copy < 0) return nullptr;
    Directory directory(::fdopendir(copy));
    if (!directory) ::close(copy);
    return directory;
}

bool is_dots(const char* name) {
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/// Apart from what another node may be making of it at this moment.
bool is_empty(const Fd& folder) {
    const Directory directory = list(folder);
    if (!directory) return false;
    while (const dirent* entry = ::readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): a DIR of our own
        const std::string_view name = entry->d_name;
        // ext4 makes lost+found in the root of each file system.
        if (!is_dots(entry->d_name) && name != "lost+found" && name != kOwnFolder) return false;
    }
    return true;
}

/// 0, or errno.
int write_whole(int folder, const char* name, std::string_view text) {
    const Fd file(::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    if (!file) return errno;
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return errno != 0 ? errno : EIO;
    return ::fsync(file.get()) == 0 ? 0 : errno;
}

/// 0, or errno.
int read_whole(int folder, const char* name, std::string& text) {
    const Fd file(::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) return errno;
    text.resize(256);
    const ssize_t n = ::read(file.get(), text.data(), text.size());
    if (n < 0) return errno;
    text.resize(static_cast<std::size_t>(n));
    return 0;
}

}  // namespace

int sync_folder(const Fd& folder) {
    if (::fsync(folder.get()) == 0) return 0;
    return errno == EINVAL || errno == EOPNOTSUPP ? 0 : errno;
}

Result<Fd> Tree::open_root(Beat& beat) const {
    Fd root(::open(root_.c_str(), kFolderFlags));
    if (!root) return directory_fault("open", root_, errno, beat);
    beat.beat();
    return root;
}

Result<Fd> Tree::open_folder(const Fd& parent, const std::string& name, bool make, const std::string& path,
                             Beat& beat) const {
    for (int attempt = 0; attempt < 2; ++attempt) {
        Fd folder(::openat(parent.get(), name.c_str(), kFolderFlags | O_NOFOLLOW));
        if (folder) {
            beat.beat();
            return folder;
        }
        if (errno != ENOENT || attempt > 0) return directory_fault("open", path, errno, beat);
        if (!make) return not_found("There is no such file.");
        if (::mkdirat(parent.get(), name.c_str(), kFolderMode) != 0 && errno != EEXIST) {
            return directory_fault("mkdir", path, errno, beat);
        }
        // The entry of the new folder must outlast a power cut as the file in it does.
        if (const int code = sync_folder(parent); code != 0) return directory_fault("fsync", path, code, beat);
        beat.beat();
    }
    return internal_error("unreachable");
}

Result<Tree::Place> Tree::place_of(const Blob& blob, bool make, Beat& beat) const {
    STOA_TRY(Fd folder, open_root(beat));
    std::string path = root_ + "/" + std::to_string(blob.account);
    STOA_TRY(folder, open_folder(folder, std::to_string(blob.account), make, path, beat));
    std::size_t from = 0;
    for (std::size_t slash = blob.key.find('/'); slash != blob.key.npos; slash = blob.key.find('/', from)) {
        const std::string name = blob.key.substr(from, slash - from);
        path += "/" + name;
        STOA_TRY(folder, open_folder(folder, name, make, path, beat));
        from = slash + 1;
    }
    const std::string name = blob.key.substr(from) + std::string(kBlobEnding);
    path += "/" + name;
    return Place{std::move(folder), name, std::move(path)};
}

Tree::Temporary::~Temporary() {
    if (!name_.empty() && folder_) ::unlinkat(folder_.get(), name_.c_str(), 0);
}

int Tree::Temporary::move_to(const Place& place) {
    if (::renameat(folder_.get(), name_.c_str(), place.folder.get(), place.name.c_str()) != 0) return errno;
    name_.clear();
    return sync_folder(place.folder);
}

Result<Tree::Temporary> Tree::temporary(Beat& beat) const {
    const std::string path = root_ + "/" + kOwnFolder + "/" + kTemporaryFolder;
    Fd folder(::open(path.c_str(), kFolderFlags | O_NOFOLLOW));
    if (!folder && errno == ENOENT) return store_missing(root_, beat);
    if (!folder) return directory_fault("open", path, errno, beat);
    beat.beat();
    const std::string name = random_alnum(16);
    Fd file(::openat(folder.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    if (!file) return directory_fault("create", path, errno, beat);
    beat.beat();
    return Temporary(std::move(folder), std::move(file), name);
}

Status Tree::must_be_there(Beat& beat) const {
    const std::string path = root_ + "/" + kOwnFolder + "/" + kIdFile;
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) return {};
    if (errno == ENOENT) return store_missing(root_, beat);
    return directory_fault("stat", path, errno, beat);
}

Status Tree::probe(Beat& beat) {
    const Fd root(::open(root_.c_str(), kFolderFlags));
    if (!root && (errno == ENOENT || errno == ENOTDIR)) {
        return invalid("There is no folder " + root_ + " for the files: make it, or mount the share there.",
                       "files.url");
    }
    if (!root) return directory_fault("open", root_, errno, beat);
    STOA_CHECK(compare_id(root, beat));
    STOA_TRY(Temporary temporary, this->temporary(beat));
    constexpr std::string_view text = "probe";
    char back[text.size()] = {};
    const int fd = temporary.file().get();
    const bool wrote =
        ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
    if (!wrote) return directory_fault("write", root_, errno, beat);
    if (::pread(fd, back, sizeof back, 0) != static_cast<ssize_t>(sizeof back)) {
        return directory_fault("read", root_, errno, beat);
    }
    return std::string_view(back, sizeof back) == text ? Status() : directory_fault("write", root_, EIO, beat);
}

Status Tree::compare_id(const Fd& root, Beat& beat) {
    const std::string path = std::string(kOwnFolder) + "/" + kIdFile;
    std::string id;
    int code = read_whole(root.get(), path.c_str(), id);
    std::string seen;
    {
        const std::lock_guard lock(id_mutex_);
        seen = id_;
    }
    if (code == ENOENT && !seen.empty()) return store_missing(root_, beat);
    if (code == ENOENT) {
        STOA_CHECK(make_store(root, beat));
        code = read_whole(root.get(), path.c_str(), id);
    }
    if (code != 0) return directory_fault("read", root_ + "/" + path, code, beat);
    if (!id.starts_with(kIdPrefix))
        return invalid(root_ + "/" + path + " is not ours: is this another program's folder?", "files.url");
    if (!seen.empty() && seen != id) return store_missing(root_, beat);
    const std::lock_guard lock(id_mutex_);
    id_ = id;
    return {};
}

Status Tree::make_store(const Fd& root, Beat& beat) {
    if (!create_) return invalid(root_ + " holds no file store: is the share mounted?", "files.url");
    if (!is_empty(root)) {
        return invalid(root_ + " holds other files: a new file store needs an empty folder.", "files.url");
    }
    const std::string own = root_ + "/" + kOwnFolder;
    STOA_TRY(const Fd folder, open_folder(root, kOwnFolder, true, own, beat));
    STOA_TRY(const Fd temporaries, open_folder(folder, kTemporaryFolder, true, own + "/" + kTemporaryFolder, beat));
    // Written aside and linked: of several nodes that start at once, one wins, and nobody reads half of it.
    const std::string name = random_alnum(16);
    int code = write_whole(temporaries.get(), name.c_str(), std::string(kIdPrefix) + random_alnum(24) + "\n");
    if (code == 0 && ::linkat(temporaries.get(), name.c_str(), folder.get(), kIdFile, 0) != 0) code = errno;
    if (code == EPERM || code == EOPNOTSUPP || code == EMLINK) {  // a file system without hard links
        code = ::renameat(temporaries.get(), name.c_str(), folder.get(), kIdFile) == 0 ? 0 : errno;
    }
    ::unlinkat(temporaries.get(), name.c_str(), 0);
    if (code != 0 && code != EEXIST) return directory_fault("create", own + "/" + kIdFile, code, beat);
    if (code = sync_folder(folder); code != 0) return directory_fault("fsync", own, code, beat);
    log::info("file_store_made", {{"path", root_}});
    return {};
}

void Tree::remove_leftovers(Beat& beat) const {
    const std::string path = root_ + "/" + kOwnFolder + "/" + kTemporaryFolder;
    const Fd folder(::open(path.c_str(), kFolderFlags | O_NOFOLLOW));
    auto fresh = temporary(beat);
    struct stat info {};
    if (!folder || !fresh || ::fstat(fresh->file().get(), &info) != 0) return;
    const time_t now = info.st_mtime;
    const Directory directory = list(folder);
    int removed = 0;
    while (directory && removed < kLeftoversAtOnceMax && !beat.abandoned()) {
        const dirent* entry = ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): as above
        if (!entry) break;
        beat.beat();
        if (is_dots(entry->d_name) || ::fstatat(folder.get(), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (info.st_mtime > now - kLeftoverAgeS) continue;
        if (::unlinkat(folder.get(), entry->d_name, 0) == 0) ++removed;
    }
    if (removed > 0) log::info("file_store_tidied", {{"path", root_}, {"leftovers", removed}});
}

}  // namespace stoa::files
