#include "api/params.hpp"

#include <utility>

namespace stoa::api {

namespace {

Error missing(std::string_view name) {
    return invalid("Parameter '" + std::string(name) + "' is required.", std::string(name));
}

Error wrong(std::string_view name, std::string_view expected) {
    return invalid("Parameter '" + std::string(name) + "' must be " + std::string(expected) + ".", std::string(name));
}

const json::Value& empty_object() {
    static const json::Value empty{json::Object()};
    return empty;
}

bool is_empty_list(const json::Value& value) {
    // PHP clients send an empty map as [], form clients as "".
    return value.is_null() || (value.is_array() && value.array().empty()) ||
           (value.is_string() && value.string().empty());
}

}  // namespace

const json::Value* Params::find(std::string_view name) const {
    if (const json::Value* exact = value_->find(name)) return exact;
    return value_->find_any_case(name);
}

const json::Value* Params::at(std::size_t position) const {
    if (value_->is_array()) return position < value_->array().size() ? &value_->array()[position] : nullptr;
    if (!value_->is_object() || position >= value_->object().size()) return nullptr;
    return &(value_->object().begin() + static_cast<std::ptrdiff_t>(position))->second;
}

Result<std::int64_t> Params::id(std::string_view name) const {
    STOA_TRY(const std::int64_t id, integer(name));
    if (id < 1) return wrong(name, "the id of a record");
    return id;
}

Result<std::int64_t> Params::integer(std::string_view name) const {
    const json::Value* value = find(name);
    if (!value || value->is_null()) return missing(name);
    const auto number = value->as_integer();
    if (!number) return wrong(name, "a whole number");
    return *number;
}

Result<std::int64_t> Params::integer_or(std::string_view name, std::int64_t otherwise) const {
    const json::Value* value = find(name);
    if (!value || value->is_null() || (value->is_string() && value->string().empty())) return otherwise;
    return integer(name);
}

Result<std::string> Params::text(std::string_view name) const {
    const json::Value* value = find(name);
    if (!value || value->is_null()) return missing(name);
    auto text = value->as_text();
    if (!text) return wrong(name, "text");
    if (text->empty()) return missing(name);
    return std::move(*text);
}

Result<std::string> Params::text_or(std::string_view name, std::string otherwise) const {
    const json::Value* value = find(name);
    if (!value || value->is_null()) return otherwise;
    auto text = value->as_text();
    if (!text) return wrong(name, "text");
    return std::move(*text);
}

Result<bool> Params::boolean_or(std::string_view name, bool otherwise) const {
    const json::Value* value = find(name);
    if (!value || value->is_null()) return otherwise;
    const auto flag = value->as_bool();
    if (!flag) return wrong(name, "Y or N");
    return *flag;
}

Result<const json::Value*> Params::object(std::string_view name) const {
    const json::Value* value = find(name);
    if (!value) return missing(name);
    if (is_empty_list(*value)) return &empty_object();
    if (!value->is_object()) return wrong(name, "an object");
    return value;
}

Result<const json::Value*> Params::object_or_empty(std::string_view name) const {
    if (!find(name)) return &empty_object();
    return object(name);
}

Result<const json::Value*> Params::list(std::string_view name) const {
    const json::Value* value = find(name);
    if (!value) return missing(name);
    if (!value->is_array() && !value->is_object()) return wrong(name, "a list");
    return value;
}

}  // namespace stoa::api
