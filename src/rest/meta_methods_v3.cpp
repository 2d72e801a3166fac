// v3 methods about the interface itself. https://github.com/bitrix24/b24restdocs api-reference/rest-v3.md

#include "rest/method_index.hpp"
#include "rest/openapi.hpp"
#include "rest/wire_methods.hpp"

namespace stoa::rest {
namespace {

Status openapi(api::Call& call) {
    write_openapi(call.out, call.services.methods, call.registry(), call.metadata().account.url, call.services.version);
    return {};
}

/// Which scope each method needs: {"items":[{"method":"tasks.task.get","scopes":["task"]}, …]}.
Status scope_list(api::Call& call) {
    call.out.begin_object().key("items").begin_array();
    for (const api::Method* method : call.services.methods.all(api::Wire::v3)) {
        call.out.begin_object().field("method", std::string_view(method->name)).key("scopes").begin_array();
        for (const std::string& scope : split_scopes(method->scope))
            call.out.text(scope);
        call.out.end_array().end_object();
    }
    call.out.end_array().end_object();
    return {};
}

/// The Endpoint runs a batch itself.
Status batch(api::Call&) {
    return Error{Errc::unsupported, "Method is not allowed for batch usage", {}, "ERROR_BATCH_METHOD_NOT_ALLOWED"};
}

}  // namespace

void add_meta_methods_v3(api::MethodTable& table) {
    using api::Wire;
    table.add({
        {.name = "batch", .scope = "", .handler = &batch, .wire = Wire::v3},
        {.name = "rest.documentation.openapi", .scope = "", .handler = &openapi, .wire = Wire::v3},
        {.name = "documentation", .scope = "", .handler = &openapi, .wire = Wire::v3},
        {.name = "rest.scope.list", .scope = "", .handler = &scope_list, .wire = Wire::v3},
    });
}

}  // namespace stoa::rest
