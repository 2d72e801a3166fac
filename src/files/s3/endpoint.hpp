#pragma once
// Where an S3 store is and how to log in, out of its EngineUrl. Plain values, any thread.

#include <string>
#include <vector>

#include "base/engine_url.hpp"
#include "base/result.hpp"
#include "files/s3/signer.hpp"
#include "files/store.hpp"

namespace stoa::files::s3 {

struct Endpoint {
    std::string scheme;                    ///< "http" or "https"
    std::vector<std::string> authorities;  ///< host[:port], as in the Host header; one is used until it fails
    std::string public_scheme;             ///< for browsers
    std::string public_authority;
    std::string bucket;
    std::string prefix;  ///< empty, or ends with a slash
    Key key;
    std::string ca_file;
    int stall_ms = 0;

    /// "/bucket/prefix/account/key", not encoded; addresses name the bucket in their path, so any host name will do.
    std::string path_of(const Blob& blob) const;
};

/// Errors: invalid_argument with the field "files.url".
Result<Endpoint> endpoint_of(const EngineUrl& url);

}  // namespace stoa::files::s3
