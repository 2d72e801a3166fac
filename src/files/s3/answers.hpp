#pragma once
// What the bodies of an S3 store's answers say. Pure functions, any thread.

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace stoa::files::s3 {

struct Fault {
    std::string code;  ///< e.g. "NoSuchKey"; empty when the body is no <Error>
    std::string message;
    std::string region;  ///< which it would have to be, when that is the fault
};
Fault read_fault(std::string_view body);

/// Of InitiateMultipartUpload.
Result<std::string> read_upload_id(std::string_view body);

/// An upload in parts that has not ended.
struct Upload {
    std::string key;
    std::string id;
    UnixSeconds initiated = 0;
};
Result<std::vector<Upload>> read_uploads(std::string_view body);

}  // namespace stoa::files::s3
