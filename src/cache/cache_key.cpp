#include <algorithm>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "cache/cache.hpp"

namespace stoa::cache {

std::string cache_key(const Space& space, AccountId account, std::string_view rest) {
    std::string key(space.name);
    key += std::to_string(space.version);
    key += ':';
    key += std::to_string(account);
    key += ':';
    const std::size_t head = key.size();
    key += rest;
    if (is_cache_key(key)) return key;
    key.resize(head);
    return key + sha256_hex(rest);
}

bool is_cache_key(std::string_view key) {
    return !key.empty() && key.size() <= limits::cache_key_bytes_max &&
           std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace stoa::cache
