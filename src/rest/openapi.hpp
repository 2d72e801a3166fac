#pragma once
// The OpenAPI 3 document of REST v3, from the method table and the entity registry. Pure function, any thread.

#include <string_view>

#include "api/method.hpp"
#include "json/writer.hpp"
#include "model/registry.hpp"

namespace stoa::rest {

void write_openapi(json::Writer& out, const api::MethodTable& methods, const model::Registry& registry,
                   std::string_view server_url, std::string_view version);

}  // namespace stoa::rest
