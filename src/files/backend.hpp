#pragma once
// Backend: a store as blocking calls, run by a GuardedPool only. Any thread; calls may overlap, also two of the same
// key. A call may hang in the kernel: its thread is then lost for as long, and the pool answers the caller. So a call
// calls beat() whenever something moved, and changes nothing that is visible once it is abandoned(). Failures that
// concern the whole store are reported with Beat::store_is_down(). Details go to the log where they happen; the Error
// is for people who have no access to the machine.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "files/beat.hpp"
#include "files/source.hpp"
#include "files/store.hpp"

namespace stoa::files {

class Backend {
  public:
    virtual ~Backend() = default;

    virtual Result<BlobInfo> put(const Blob& blob, Source& source, Beat& beat) = 0;
    virtual Result<std::string> get(const Blob& blob, ByteRange range, Beat& beat) = 0;
    virtual Result<BlobInfo> stat(const Blob& blob, Beat& beat) = 0;
    virtual Result<bool> remove(const Blob& blob, Beat& beat) = 0;

    /// Is the store there, and is it the same as before? Small, writes and reads where that costs nothing.
    virtual Status probe(Beat& beat) = 0;
    /// Removes what uploads that died have left behind. Called once an hour, and soon while there is something known.
    virtual void tidy(Beat& beat) = 0;
    virtual bool has_leftovers() { return false; }

    virtual std::optional<std::string> presigned_url(const Blob& blob, const Store::DownloadAs& as) = 0;
};

}  // namespace stoa::files
