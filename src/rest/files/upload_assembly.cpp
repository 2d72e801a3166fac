#include "rest/files/upload_assembly.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>

#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/hasher.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "model/stored_files.hpp"
#include "rest/files/upload_limits.hpp"

namespace stoa::rest {
namespace {

constexpr std::chrono::milliseconds kLookAgain{250};
constexpr std::chrono::hours kLeftoverAge{24};

/// Goes with its owner.
class TemporaryFile {
  public:
    static Result<TemporaryFile> make(const std::string& folder) {
        STOA_CHECK(make_dir(folder, 0700));
        TemporaryFile file;
        file.path_ = folder + "/upload-XXXXXX";
        file.fd_ = Fd(::mkostemp(file.path_.data(), O_CLOEXEC));
        if (!file.fd_) return Error{Errc::unavailable, "There is no room for the file. Try again later.", {}, {}, 10};
        return file;
    }
    TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    ~TemporaryFile() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    int fd() const { return fd_.get(); }
    const std::string& path() const { return path_; }

  private:
    TemporaryFile() = default;
    std::string path_;
    Fd fd_;
};

Status append(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            return Error{Errc::unavailable, "There is no room for the file. Try again later.", {}, {}, 10};
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

/// What a process that was killed left behind.
void remove_leftovers(const std::string& folder) {
    std::error_code ignored;
    const auto now = std::filesystem::file_time_type::clock::now();
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        const bool ours = entry.path().filename().string().starts_with("upload-");
        if (ours && now - entry.last_write_time(ignored) > kLeftoverAge) std::filesystem::remove(entry.path(), ignored);
    }
}

}  // namespace

UploadAssembly::UploadAssembly(db::Database& database, files::Store* store, const Clock& clock, std::string folder,
                               int hold_ms)
    : database_(database),
      store_(store),
      clock_(clock),
      folder_(std::move(folder)),
      hold_ms_(hold_ms),
      threads_("assembly", limits::upload_assemblies_max, limits::upload_assembly_queue_max) {
    remove_leftovers(folder_);
}

void UploadAssembly::run(AccountId account, const UploadRecord& upload, Done done) {
    const Key key{account, upload.token};
    {
        const MutexLock lock(mutex_);
        const auto [found, is_new] = running_.try_emplace(key);
        found->second.push_back({clock_.monotonic_us(), std::move(done)});
        if (!is_new) return;
    }
    if (threads_.post([this, key, upload] { assemble(key, upload); })) return;
    answer_all(key, Error{Errc::busy, "Too many uploads are being finished. Ask again in a moment.", {}, {}, 5});
}

void UploadAssembly::assemble(const Key& key, const UploadRecord& upload) {
    const std::int64_t begin_us = clock_.monotonic_us();
    const Result<std::string> blob = make_blob(key, upload);
    log::info("upload_assembled", {{"account", key.first},
                                   {"bytes", static_cast<std::int64_t>(upload.total)},
                                   {"parts", static_cast<std::int64_t>(upload.parts.size())},
                                   {"ms", (clock_.monotonic_us() - begin_us) / 1000},
                                   {"outcome", blob ? std::string_view("stored") : blob.error().message}});
    answer_all(key, blob);
}

Result<std::string> UploadAssembly::make_blob(const Key& key, const UploadRecord& upload) {
    STOA_TRY(const TemporaryFile file, TemporaryFile::make(folder_));
    std::string sha256;
    STOA_CHECK(collect(key, upload, file.fd(), sha256));
    if (!upload.sha256.empty() && upload.sha256 != sha256) {
        const auto forgotten = database_.write_and_wait({.account = key.first, .timeout_ms = hold_ms_},
                                                        [&](db::WriteTx& tx) -> Result<std::string> {
                                                            STOA_CHECK(forget_upload(tx, upload.token));
                                                            return std::string();
                                                        });
        if (!forgotten) return forgotten.error();
        return Error{Errc::conflict, "What arrived is not what was announced: its digest is another. Send it again.",
                     "Repr-Digest", "ERROR_DIGEST"};
    }
    return keep(key, upload, file.path(), sha256);
}

Status UploadAssembly::collect(const Key& key, const UploadRecord& upload, int file, std::string& sha256) {
    Hasher hasher(Hasher::Kind::sha256);
    for (const UploadRecord::Part& part : upload.parts) {
        for (std::uint64_t from = 0; from < part.bytes; from += limits::file_read_bytes_max) {
            const files::ByteRange range{from, std::min<std::uint64_t>(part.bytes, from + limits::file_read_bytes_max)};
            STOA_TRY(const std::string piece, wait<std::string>(key, [&](files::Done<std::string> done) {
                         store_->get({key.first, part.blob}, range, std::move(done));
                     }));
            if (piece.size() != range.end - range.begin) {
                return Error{
                    Errc::unavailable, "A part of the upload is missing in the store. Begin again.", {}, {}, 1};
            }
            STOA_CHECK(append(file, piece));
            hasher.update(piece);
        }
    }
    sha256 = hasher.finish_hex();
    return {};
}

/// The same as for a file that came in one piece: note, put, record.
Result<std::string> UploadAssembly::keep(const Key& key, const UploadRecord& upload, const std::string& path,
                                         const std::string& sha256) {
    const UnixSeconds now = clock_.now();
    const db::WriteRequest request{.account = key.first, .timeout_ms = hold_ms_};
    std::string blob;
    const auto noted = database_.write_and_wait(request, [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_TRY(blob, model::note_blob(tx, sha256, now));
        return std::string();
    });
    if (!noted) return noted.error();
    STOA_TRY([[maybe_unused]] const files::BlobInfo stored,
             wait<files::BlobInfo>(key, [&](files::Done<files::BlobInfo> done) {
                 store_->put_file({key.first, blob}, path, std::move(done));
             }));
    const auto recorded = database_.write_and_wait(request, [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(set_blob(tx, upload.token, blob));
        return std::string();
    });
    if (!recorded) return recorded.error();
    return blob;
}

/// The store keeps its own deadlines; who waits for us has a shorter one.
template <class T>
Result<T> UploadAssembly::wait(const Key& key, const std::function<void(files::Done<T>)>& begin) {
    // Shared: the store's thread may still be inside set_value() when we have the value.
    const auto promise = std::make_shared<std::promise<Result<T>>>();
    std::future<Result<T>> future = promise->get_future();
    begin([promise](Result<T> value) { promise->set_value(std::move(value)); });
    do {
        answer_late(key);
    } while (future.wait_for(kLookAgain) != std::future_status::ready);
    return future.get();
}

void UploadAssembly::answer_late(const Key& key) {
    const std::int64_t late_us = clock_.monotonic_us() - std::int64_t{limits::upload_answer_ms} * 1000;
    std::vector<Done> late;
    {
        const MutexLock lock(mutex_);
        std::vector<Waiter>& waiters = running_[key];
        const auto first = std::stable_partition(waiters.begin(), waiters.end(),
                                                 [&](const Waiter& waiter) { return waiter.since_us > late_us; });
        for (auto waiter = first; waiter != waiters.end(); ++waiter)
            late.push_back(std::move(waiter->done));
        waiters.erase(first, waiters.end());
    }
    for (const Done& done : late)
        done(Error{Errc::timeout, "The file is being put together. Ask again.", {}, {}, 1});
}

void UploadAssembly::answer_all(const Key& key, const Result<std::string>& outcome) {
    std::vector<Waiter> waiters;
    {
        const MutexLock lock(mutex_);
        waiters = std::move(running_[key]);
        running_.erase(key);
    }
    for (const Waiter& waiter : waiters)
        waiter.done(outcome);
}

}  // namespace stoa::rest
