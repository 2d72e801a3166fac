#include "push/rpc.hpp"

#include "base/limits.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::push {
namespace {

Status read_one(json::Value& value, std::vector<RpcRequest>& out) {
    if (!value.is_object()) return invalid("A request is an object.");
    json::Object& object = value.object();
    const json::Value* const method = object.find("method");
    if (method == nullptr && (object.find("result") != nullptr || object.find("error") != nullptr)) return {};
    if (method == nullptr || !method->is_string()) return invalid("A request names its method.", "method");
    RpcRequest request;
    request.method = method->string();
    if (const json::Value* id = object.find("id"); id != nullptr && !id->is_null()) {
        if (!id->is_integer() && !id->is_string()) return invalid("An id is a number or a text.", "id");
        request.id = json::to_json(*id);
    }
    if (json::Value* params = object.find("params"); params != nullptr) request.params = std::move(*params);
    out.push_back(std::move(request));
    return {};
}

std::string answer(std::string_view id, std::string_view name, std::string_view value) {
    std::string out = R"({"jsonrpc":"2.0","id":)";
    out.append(id.empty() ? "null" : id).append(",\"").append(name).append("\":").append(value).append("}");
    return out;
}

}  // namespace

Result<std::vector<RpcRequest>> read_rpc(std::string_view text) {
    STOA_TRY(json::Value value, json::parse(text));
    std::vector<RpcRequest> out;
    if (!value.is_array()) {
        STOA_CHECK(read_one(value, out));
        return out;
    }
    if (value.array().size() > limits::push_rpc_batch_max) {
        return Error{Errc::too_large, "A batch has too many requests."};
    }
    for (json::Value& one : value.array())
        STOA_CHECK(read_one(one, out));
    return out;
}

std::string rpc_result(std::string_view id, std::string_view result_json) {
    return answer(id, "result", result_json);
}

std::string rpc_error(std::string_view id, int code, std::string_view message) {
    std::string error;
    json::Writer out(error);
    out.begin_object().field("code", code).field("message", message).end_object();
    return answer(id, "error", error);
}

}  // namespace stoa::push
