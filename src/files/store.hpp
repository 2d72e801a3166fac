#pragma once
// Store: bytes of files, by account and key. A directory (local or a mounted share) or an S3-compatible store.
//
// Any thread may call; nothing here blocks the caller. `done` runs exactly once, on a thread of the store (or at once
// on the caller's when the request is refused), and must not block. Each operation has a deadline without progress
// (limits::file_stall_ms); a store that hangs costs its own small pool only: past that, and while its breaker is open,
// operations are refused at once with Errc::unavailable and a retry time.
// put() confirms only when the bytes are durable and their checksum was compared. Putting the same key again replaces
// the object as a whole: readers see the old or the new one, never a mixture.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace stoa::files {

struct Blob {
    AccountId account = 0;
    std::string key;  ///< [a-z0-9/_-]+ without empty parts, at most limits::file_key_bytes_max
};

struct BlobInfo {
    std::uint64_t bytes = 0;
    std::string sha256;  ///< hexadecimal; empty where the store does not know it without reading everything
};

/// Half open, in bytes; what reaches past the end is cut off.
struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = UINT64_MAX;
};

template <class T>
using Done = std::function<void(Result<T>)>;

class Store {
  public:
    virtual ~Store() = default;

    virtual void put(Blob blob, std::shared_ptr<const std::string> bytes, Done<BlobInfo> done) = 0;
    /// From a local file, in parts: for what is too large for memory. The file stays.
    virtual void put_file(Blob blob, std::string path, Done<BlobInfo> done) = 0;
    /// Errors: not_found. At most limits::file_read_bytes_max at once.
    virtual void get(Blob blob, ByteRange range, Done<std::string> done) = 0;
    virtual void stat(Blob blob, Done<BlobInfo> done) = 0;
    /// Removing what is not there is no error.
    virtual void remove(Blob blob, Done<bool> done) = 0;

    struct DownloadAs {
        std::string name;          ///< file name that the browser proposes
        std::string content_type;  ///< of the answer
        int lifetime_s = 300;
    };
    /// An address from which a browser may fetch the blob itself; nothing when the store has no such thing.
    virtual std::optional<std::string> presigned_url(const Blob& blob, const DownloadAs& as) = 0;

    /// Refuses new operations, waits for running ones up to their deadline. Idempotent.
    virtual void close() = 0;
};

}  // namespace stoa::files
