#pragma once
// For the .cpp files of this folder: one call to one server, and the forms that its JSON has. Any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cluster/etcd/client.hpp"
#include "json/value.hpp"

namespace stoa::cluster::etcd::gateway {

/// POST server/v3/path. Errors as of Client; unavailable and timeout are those that another server may not have.
Result<json::Value> post(const std::string& server, std::string_view path, const std::string& body, int timeout_ms);

/// JSON of etcd, which may hold thousands of keys.
Result<json::Value> parse(std::string_view text);
/// The error that an answer says.
Error error_of(const json::Value& body);

/// Members; absent ones, which is how it writes zero and false, are 0.
std::int64_t number(const json::Value& object, std::string_view name);
std::uint64_t id(const json::Value& object, std::string_view name);
std::int64_t revision(const json::Value& body);  ///< of its header
KeyValue key_value(const json::Value& object);

/// The end of the range of keys that begin with the prefix.
std::string range_end(std::string_view prefix);

}  // namespace stoa::cluster::etcd::gateway
