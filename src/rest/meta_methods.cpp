// v2 methods about the interface itself: which methods, scopes and features there are.
// https://github.com/bitrix24/b24restdocs api-reference/common/system/

#include <algorithm>
#include <set>

#include "rest/method_index.hpp"
#include "rest/wire_methods.hpp"

namespace stoa::rest {
namespace {

std::set<std::string> all_scopes(const api::MethodTable& table) {
    std::set<std::string> scopes;
    for (const api::Wire wire : {api::Wire::v2, api::Wire::v3}) {
        for (const api::Method* method : table.all(wire)) {
            for (std::string& scope : split_scopes(method->scope))
                scopes.insert(std::move(scope));
        }
    }
    return scopes;
}

/// Without parameters the callable ones; `full` all; `scope` those of one scope ("" = those everybody has).
Status methods(api::Call& call) {
    STOA_TRY(const bool full, call.params.boolean_or("full", false));
    const json::Value* scope_given = call.params.find("scope");
    STOA_TRY(const std::string scope, call.params.text_or("scope", ""));
    call.out.begin_array();
    for (const api::Method* method : call.services.methods.all(api::Wire::v2)) {
        const std::vector<std::string> scopes = split_scopes(method->scope);
        bool shown = full || scope_granted(call.identity, scopes);
        if (scope_given) {
            shown = scope.empty() ? scopes.empty() : std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
        }
        if (shown) call.out.text(method->name);
    }
    call.out.end_array();
    return {};
}

Status scope(api::Call& call) {
    STOA_TRY(const bool full, call.params.boolean_or("full", false));
    call.out.begin_array();
    if (full || call.identity.all_scopes) {
        for (const std::string& one : all_scopes(call.services.methods))
            call.out.text(one);
    } else {
        for (const std::string& one : call.identity.scopes)
            call.out.text(one);
    }
    call.out.end_array();
    return {};
}

Status method_get(api::Call& call) {
    STOA_TRY(const std::string name, call.params.text_or("name", ""));
    const api::Method* method = name.empty() ? nullptr : call.services.methods.find(api::Wire::v2, name);
    const bool available = method && scope_granted(call.identity, split_scopes(method->scope));
    call.out.begin_object().field("isExisting", method != nullptr).field("isAvailable", available).end_object();
    return {};
}

Status server_time(api::Call& call) {
    std::string text;
    append_iso(text, call.now(), call.zone());
    call.out.raw_text(text);
    return {};
}

Status feature_get(api::Call& call) {
    STOA_TRY(const std::string code, call.params.text_or("CODE", ""));
    if (code.empty()) return invalid("CODE can't be empty", "CODE", "CODE_EMPTY");
    call.out.begin_object().field("value", code == "rest_offline_extended" ? "Y" : "N").end_object();
    return {};
}

/// The Endpoint runs a batch itself; this is what a batch gets that comes any other way.
Status batch(api::Call&) {
    return Error{Errc::unsupported, "Method is not allowed for batch usage", {}, "ERROR_BATCH_METHOD_NOT_ALLOWED"};
}

}  // namespace

void add_meta_methods(api::MethodTable& table) {
    using api::Run;
    table.add({
        {.name = "batch", .scope = "", .handler = &batch},
        {.name = "methods", .scope = "", .handler = &methods},
        {.name = "scope", .scope = "", .handler = &scope},
        {.name = "method.get", .scope = "", .run = Run::io, .handler = &method_get},
        {.name = "server.time", .scope = "", .run = Run::io, .handler = &server_time},
        {.name = "feature.get", .scope = "", .run = Run::io, .handler = &feature_get},
    });
}

}  // namespace stoa::rest
