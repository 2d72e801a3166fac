#pragma once
// UploadAssembly: makes one blob of the parts of an upload: reads them one after the other into a local file, compares
// the digest, puts the file into the store, says so in the upload's record. Everything is named by content, so that two
// processes may do it at the same time, and one that dies half way has done no harm.
//
// Threads: run() from any; `done` runs once, on a thread of the assembly, and must not block. Own threads, a few, so
// that neither a slow store nor a large file takes a worker. Destroy it before store and database.
// Errors: timeout after limits::upload_answer_ms, while the work goes on (ask again); busy (queue full); conflict (the
// digest is another; the upload is forgotten); unavailable (store or database).

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_annotations.hpp"
#include "base/thread_pool.hpp"
#include "db/database.hpp"
#include "files/store.hpp"
#include "model/records.hpp"
#include "rest/files/upload_record.hpp"

namespace stoa::rest {

class UploadAssembly {
  public:
    using Done = std::function<void(Result<std::string> blob)>;

    /// `folder`: local; made when it is needed. `store` may be null: then nothing is ever assembled.
    UploadAssembly(db::Database& database, files::Store* store, const Clock& clock, std::string folder, int hold_ms);

    void run(AccountId account, const UploadRecord& upload, Done done);

  private:
    struct Waiter {
        std::int64_t since_us;
        Done done;
    };
    using Key = std::pair<AccountId, std::string>;

    void assemble(const Key& key, const UploadRecord& upload);
    Result<std::string> make_blob(const Key& key, const UploadRecord& upload);
    Status collect(const Key& key, const UploadRecord& upload, int file, std::string& sha256);
    Result<std::string> keep(const Key& key, const UploadRecord& upload, const std::string& path,
                             const std::string& sha256);
    template <class T>
    Result<T> wait(const Key& key, const std::function<void(files::Done<T>)>& begin);
    void answer_late(const Key& key);
    void answer_all(const Key& key, const Result<std::string>& outcome);

    db::Database& database_;
    files::Store* const store_;
    const Clock& clock_;
    const std::string folder_;
    const int hold_ms_;

    Mutex mutex_;
    std::map<Key, std::vector<Waiter>> running_ STOA_GUARDED_BY(mutex_);
    ThreadPool threads_;  ///< last: its tasks use all of the above
};

}  // namespace stoa::rest
