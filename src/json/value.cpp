#include "json/value.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/utf8.hpp"
#include "json/number.hpp"

namespace stoa::json {
namespace {

template <class T>
std::optional<T> whole_number(std::string_view text) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    T out{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

}  // namespace

const Value* Object::find(std::string_view key) const {
    for (const Member& member : members_) {
        if (member.first == key) return &member.second;
    }
    return nullptr;
}

Value* Object::find(std::string_view key) {
    return const_cast<Value*>(std::as_const(*this).find(key));
}

const Value* Object::find_any_case(std::string_view key) const {
    for (const Member& member : members_) {
        if (equals_any_case(member.first, key)) return &member.second;
    }
    return nullptr;
}

Value& Object::set(std::string key, Value value) {
    if (Value* present = find(key)) return *present = std::move(value);
    return append_unchecked(std::move(key), std::move(value));
}

Value& Object::append_unchecked(std::string key, Value value) {
    return members_.emplace_back(std::move(key), std::move(value)).second;
}

bool Object::erase(std::string_view key) {
    for (auto at = members_.begin(); at != members_.end(); ++at) {
        if (at->first != key) continue;
        members_.erase(at);
        return true;
    }
    return false;
}

std::optional<bool> Value::as_bool() const {
    switch (kind()) {
        case Kind::boolean:
            return boolean();
        case Kind::integer:
            if (integer() == 0 || integer() == 1) return integer() == 1;
            return std::nullopt;
        case Kind::string:
            if (equals_any_case(string(), "Y") || equals_any_case(string(), "true") || string() == "1") return true;
            if (equals_any_case(string(), "N") || equals_any_case(string(), "false") || string() == "0") return false;
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

std::optional<std::int64_t> Value::as_integer() const {
    switch (kind()) {
        case Kind::integer:
            return integer();
        case Kind::boolean:
            return boolean() ? 1 : 0;
        case Kind::real: {
            // Both ends are exact doubles; 2^63 itself does not fit.
            const double v = real();
            if (v != std::floor(v) || v < -0x1p63 || v >= 0x1p63) return std::nullopt;
            return static_cast<std::int64_t>(v);
        }
        case Kind::string:
            return whole_number<std::int64_t>(string());
        default:
            return std::nullopt;
    }
}

std::optional<double> Value::as_real() const {
    switch (kind()) {
        case Kind::integer:
            return static_cast<double>(integer());
        case Kind::boolean:
            return boolean() ? 1.0 : 0.0;
        case Kind::real:
            return real();
        case Kind::string: {
            const auto v = whole_number<double>(string());
            return v && std::isfinite(*v) ? v : std::nullopt;  // from_chars knows "inf" and "nan"
        }
        default:
            return std::nullopt;
    }
}

std::optional<std::string> Value::as_text() const {
    switch (kind()) {
        case Kind::string:
            return string();
        case Kind::boolean:
            return boolean() ? "1" : "";
        case Kind::integer:
            return std::to_string(integer());
        case Kind::real: {
            std::string out;
            append_real(out, real());
            return out;
        }
        default:
            return std::nullopt;
    }
}

std::vector<const Value*> Value::items() const {
    std::vector<const Value*> out;
    if (is_array()) {
        out.reserve(array().size());
        for (const Value& item : array())
            out.push_back(&item);
    } else if (is_object()) {
        out.reserve(object().size());
        for (const Member& member : object())
            out.push_back(&member.second);
    }
    return out;
}

bool Value::operator==(const Value& other) const {
    if (kind() != other.kind()) return false;
    switch (kind()) {
        case Kind::null:
            return true;
        case Kind::boolean:
            return boolean() == other.boolean();
        case Kind::integer:
            return integer() == other.integer();
        case Kind::real:
            return real() == other.real();
        case Kind::string:
            return string() == other.string();
        case Kind::array:
            return array() == other.array();
        case Kind::object:
            break;
    }
    const Object& a = object();
    const Object& b = other.object();
    if (a.size() != b.size()) return false;
    for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j) {
        if (i->first != j->first || !(i->second == j->second)) return false;
    }
    return true;
}

}  // namespace stoa::json
