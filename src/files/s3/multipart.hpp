#pragma once
// Uploads in parts: started, sent one by one (each tried again by itself), joined; or called off, so that nothing half
// written remains. Blocking; any thread. What cannot be called off now, because the store is down, is remembered; what
// a dead process left is found by its age. https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html

#include <deque>
#include <string>

#include "base/result.hpp"
#include "base/thread_annotations.hpp"
#include "files/beat.hpp"
#include "files/s3/client.hpp"
#include "files/s3/digests.hpp"
#include "files/store.hpp"

namespace stoa::files::s3 {

class Multipart {
  public:
    explicit Multipart(Client& client) : client_(client) {}

    /// Confirmed only when the store says that it has all of it, under that key, with that checksum.
    Status put(const std::string& path, Source& source, Digests digests, Beat& beat);

    bool has_unfinished() STOA_EXCLUDES(mutex_);
    /// Calls off what could not be called off before.
    void retry_aborts(Beat& beat) STOA_EXCLUDES(mutex_);
    /// Calls off uploads below the prefix that were started before that instant and have left no object.
    void abort_older(UnixSeconds started_before, Beat& beat);

  private:
    struct Started {
        std::string path;
        std::string id;
    };
    Status send_parts(const Started& upload, Source& source, Digests& digests, Beat& beat);
    Status join(const Started& upload, const Digests& digests, std::uint64_t bytes, Beat& beat, bool& refused);
    bool may_be_there(const std::string& path, const Digests& digests);
    Status compare(const std::string& path, const Digests& digests, std::uint64_t bytes, Beat& beat);
    bool abort(const Started& upload, Beat& beat);

    Client& client_;
    Mutex mutex_;
    std::deque<Started> unfinished_ STOA_GUARDED_BY(mutex_);
};

}  // namespace stoa::files::s3
