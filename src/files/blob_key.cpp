#include "files/blob_key.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace stoa::files {
namespace {

bool is_allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '/';
}

}  // namespace

Status check_blob(const Blob& blob) {
    const std::string& key = blob.key;
    if (blob.account < 0) return invalid("No account has a negative number.", "account");
    if (key.empty()) return invalid("The key of a stored file is empty.", "key");
    if (key.size() > limits::file_key_bytes_max) {
        return invalid(
            "The key of a stored file has more than " + std::to_string(limits::file_key_bytes_max) + " bytes.", "key");
    }
    if (!std::all_of(key.begin(), key.end(), is_allowed)) {
        return invalid("The key of a stored file may hold a-z 0-9 _ - / only.", "key");
    }
    if (key.front() == '/' || key.back() == '/' || key.find("//") != key.npos) {
        return invalid("The key of a stored file has an empty part.", "key");
    }
    return {};
}

}  // namespace stoa::files
