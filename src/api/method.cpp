#include "api/method.hpp"

#include <algorithm>

#include "api/file_input.hpp"
#include "base/utf8.hpp"

namespace stoa::api {

const model::StoredContent* Call::upload(const json::Value& value) const {
    const std::int64_t number = upload_number(value);
    return number >= 0 && number < std::ssize(uploads) ? &uploads[static_cast<std::size_t>(number)] : nullptr;
}

Error needs_write() {
    return {Errc::conflict, "This must run as a write.", {}, "@NEEDS_WRITE"};
}

bool is_needs_write(const Error& error) {
    return error.code == Errc::conflict && error.api_code == "@NEEDS_WRITE";
}

void MethodTable::add(Method method) {
    auto& table = by_name_[static_cast<std::size_t>(method.wire)];
    std::string key = to_lower_ascii(method.name);
    table.insert_or_assign(std::move(key), std::move(method));
}

void MethodTable::add(std::vector<Method> methods) {
    for (Method& method : methods)
        add(std::move(method));
}

const Method* MethodTable::find(Wire wire, std::string_view name) const {
    const auto& table = by_name_[static_cast<std::size_t>(wire)];
    const auto found = table.find(to_lower_ascii(name));
    return found == table.end() ? nullptr : &found->second;
}

std::vector<const Method*> MethodTable::all(Wire wire) const {
    std::vector<const Method*> out;
    for (const auto& [unused, method] : by_name_[static_cast<std::size_t>(wire)])
        out.push_back(&method);
    std::sort(out.begin(), out.end(), [](const Method* a, const Method* b) { return a->name < b->name; });
    return out;
}

}  // namespace stoa::api
