#pragma once
// JSON-RPC 2.0 as clients of the push server speak it. https://www.jsonrpc.org/specification Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace stoa::push {

struct RpcRequest {
    std::string id;  ///< JSON; empty: a notification, which gets no answer
    std::string method;
    json::Value params;
};

/// One request or a batch; answers to requests of our own are left out. Errors: invalid_argument (not JSON, not
/// JSON-RPC), too_large (a batch over limits::push_rpc_batch_max).
Result<std::vector<RpcRequest>> read_rpc(std::string_view text);

std::string rpc_result(std::string_view id, std::string_view result_json);
/// The codes of the specification: -32600 invalid request, -32601 unknown method, -32602 invalid parameters;
/// -32000 and below are ours.
std::string rpc_error(std::string_view id, int code, std::string_view message);

}  // namespace stoa::push
