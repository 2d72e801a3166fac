#pragma once
// Stored files in an S3-compatible store: one bucket, or a prefix of one; each account below a prefix of its own.

#include <memory>

#include "base/clock.hpp"
#include "files/backend.hpp"
#include "files/s3/endpoint.hpp"

namespace stoa::files::s3 {

struct BackendOptions {
    std::int64_t leftover_age_s = 24 * 3600;  ///< an upload in parts that is older has no process any more
};

/// The clock is that of signatures; it must outlive the backend.
std::shared_ptr<Backend> s3_backend(Endpoint endpoint, Clock& clock, BackendOptions options = {});

}  // namespace stoa::files::s3
