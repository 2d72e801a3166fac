#pragma once
// Public links: what an address like /~1-Abc… opens, as the module that knows says to the wire that serves it.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/records.hpp"

namespace stoa::api {

struct PublicFile {
    RecordId file = 0;  ///< stored file
    std::string name;
    std::int64_t bytes = 0;
};
struct PublicPage {
    std::string title;
    bool folder = false;
    std::vector<PublicFile> files;  ///< of a file: itself
};

/// `hash` is the part behind the account. Errors: not_found.
using PublicFinder = std::function<Result<PublicPage>(model::Records& records, std::string_view hash)>;

}  // namespace stoa::api
