#pragma once
// Handle: one connection to one Memcached server, through libmemcached. One thread at a time. It has a single server,
// because libmemcached's own ejection of dead servers counts per handle and in whole seconds: each of many handles
// would have to pay for finding out. The ring, the breaker and the pool are ours and shared.
//
// Errors: unavailable or timeout (drop the handle; Error::field empty), too_large and invalid_argument (the server
// refused this request alone).

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.hpp"
#include "base/result.hpp"
#include "cache/wire/socket.hpp"

struct memcached_st;

namespace stoa::cache::memcached {

class Handle {
  public:
    /// Connects at the first request.
    static Result<std::unique_ptr<Handle>> open(const Address& address, int connect_ms, int command_ms);
    ~Handle();
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    /// Asks for the version: it is there and speaks the protocol.
    Status test();
    Result<std::optional<std::string>> get(std::string_view key);
    /// Calls back with the position in `keys` and the value of each that exists.
    Status get_many(std::span<const std::string_view> keys, FunctionRef<void(std::size_t, std::string_view)> found);
    Status set(std::string_view key, std::string_view value, int lifetime_s);
    /// False when there is one already.
    Result<bool> add(std::string_view key, std::string_view value, int lifetime_s);
    Status remove(std::string_view key);
    /// Nothing when there is no such counter.
    Result<std::optional<std::int64_t>> increment(std::string_view key, std::int64_t by);

    bool looks_alive() const { return true; }

  private:
    explicit Handle(memcached_st* owned) : memcached_(owned) {}
    memcached_st* memcached_;
};

}  // namespace stoa::cache::memcached
