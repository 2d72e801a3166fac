#include "cache/memcached/handle.hpp"

#include <libmemcached/memcached.h>

#include <cstdlib>
#include <unordered_map>

namespace stoa::cache::memcached {
namespace {

Error error_of(const memcached_st* memcached, memcached_return_t code) {
    std::string text = std::string("Memcached: ") + ::memcached_strerror(memcached, code);
    switch (code) {
        case MEMCACHED_E2BIG:
        case MEMCACHED_SERVER_ERROR:
        case MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE:
            return {Errc::too_large, text + ". Give it more memory (-m) or larger items (-I)."};
        case MEMCACHED_CLIENT_ERROR:
            return {Errc::invalid_argument, text};
        case MEMCACHED_TIMEOUT:
            return {Errc::timeout, text};
        default:
            return {Errc::unavailable, text};
    }
}

struct Free {
    void operator()(char* memory) const { std::free(memory); }
};

}  // namespace

Result<std::unique_ptr<Handle>> Handle::open(const Address& address, int connect_ms, int command_ms) {
    memcached_st* memcached = ::memcached_create(nullptr);
    if (memcached == nullptr) return internal_error("memcached_create failed.");
    std::unique_ptr<Handle> handle(new Handle(memcached));
    const auto set = [memcached](memcached_behavior_t behavior, std::uint64_t value) {
        ::memcached_behavior_set(memcached, behavior, value);
    };
    set(MEMCACHED_BEHAVIOR_NO_BLOCK, 1);
    set(MEMCACHED_BEHAVIOR_TCP_NODELAY, 1);
    set(MEMCACHED_BEHAVIOR_TCP_KEEPALIVE, 1);
    set(MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, static_cast<std::uint64_t>(connect_ms));
    set(MEMCACHED_BEHAVIOR_POLL_TIMEOUT, static_cast<std::uint64_t>(command_ms));
    set(MEMCACHED_BEHAVIOR_SERVER_FAILURE_LIMIT, 1);
    const memcached_return_t code = address.is_path()
                                        ? ::memcached_server_add_unix_socket(memcached, address.host.c_str())
                                        : ::memcached_server_add(memcached, address.host.c_str(), address.port);
    if (code != MEMCACHED_SUCCESS) return error_of(memcached, code);
    return handle;
}

Handle::~Handle() {
    ::memcached_free(memcached_);
}

Status Handle::test() {
    const memcached_return_t code = ::memcached_version(memcached_);
    if (code != MEMCACHED_SUCCESS) return error_of(memcached_, code);
    return {};
}

Result<std::optional<std::string>> Handle::get(std::string_view key) {
    std::size_t size = 0;
    std::uint32_t flags = 0;
    memcached_return_t code = MEMCACHED_SUCCESS;
    const std::unique_ptr<char, Free> value(::memcached_get(memcached_, key.data(), key.size(), &size, &flags, &code));
    if (code == MEMCACHED_NOTFOUND) return std::optional<std::string>();
    if (code != MEMCACHED_SUCCESS) return error_of(memcached_, code);
    return std::optional<std::string>(value ? std::string(value.get(), size) : std::string());
}

Status Handle::get_many(std::span<const std::string_view> keys,
                        FunctionRef<void(std::size_t, std::string_view)> found) {
    std::vector<const char*> names;
    std::vector<std::size_t> sizes;
    std::unordered_multimap<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        names.push_back(keys[i].data());
        sizes.push_back(keys[i].size());
        places.emplace(keys[i], i);
    }
    memcached_return_t code = ::memcached_mget(memcached_, names.data(), sizes.data(), names.size());
    if (code != MEMCACHED_SUCCESS) return error_of(memcached_, code);
    memcached_result_st result;
    ::memcached_result_create(memcached_, &result);
    while (::memcached_fetch_result(memcached_, &result, &code) != nullptr) {
        const std::string_view key(::memcached_result_key_value(&result), ::memcached_result_key_length(&result));
        const std::string_view value(::memcached_result_value(&result), ::memcached_result_length(&result));
        const auto [from, to] = places.equal_range(key);
        for (auto place = from; place != to; ++place)
            found(place->second, value);
    }
    ::memcached_result_free(&result);
    if (code == MEMCACHED_END || code == MEMCACHED_NOTFOUND || code == MEMCACHED_SUCCESS) return {};
    return error_of(memcached_, code);
}

Status Handle::set(std::string_view key, std::string_view value, int lifetime_s) {
    const memcached_return_t code =
        ::memcached_set(memcached_, key.data(), key.size(), value.data(), value.size(), lifetime_s, 0);
    if (code != MEMCACHED_SUCCESS && code != MEMCACHED_STORED) return error_of(memcached_, code);
    return {};
}

Result<bool> Handle::add(std::string_view key, std::string_view value, int lifetime_s) {
    const memcached_return_t code =
        ::memcached_add(memcached_, key.data(), key.size(), value.data(), value.size(), lifetime_s, 0);
    if (code == MEMCACHED_NOTSTORED || code == MEMCACHED_DATA_EXISTS) return false;
    if (code != MEMCACHED_SUCCESS && code != MEMCACHED_STORED) return error_of(memcached_, code);
    return true;
}

Status Handle::remove(std::string_view key) {
    const memcached_return_t code = ::memcached_delete(memcached_, key.data(), key.size(), 0);
    if (code != MEMCACHED_SUCCESS && code != MEMCACHED_DELETED && code != MEMCACHED_NOTFOUND) {
        return error_of(memcached_, code);
    }
    return {};
}

Result<std::optional<std::int64_t>> Handle::increment(std::string_view key, std::int64_t by) {
    std::uint64_t value = 0;
    const memcached_return_t code =
        ::memcached_increment(memcached_, key.data(), key.size(), static_cast<std::uint32_t>(by), &value);
    if (code == MEMCACHED_NOTFOUND) return std::optional<std::int64_t>();
    if (code != MEMCACHED_SUCCESS) return error_of(memcached_, code);
    return std::optional<std::int64_t>(static_cast<std::int64_t>(value));
}

}  // namespace stoa::cache::memcached
