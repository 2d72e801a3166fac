#pragma once
// json::Value: a parsed request parameter tree, the same type for JSON, form and multipart input.
// Objects keep the order of their members, because positional REST methods read parameters by order.
// A plain value type; not synchronised. Answers are not built from Values but appended with json::Writer.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace stoa::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;

/// Members in order of first appearance; a repeated key replaces the value (last one wins), as PHP does.
class Object {
  public:
    const Value* find(std::string_view key) const;  ///< exact, case-sensitive; nullptr when absent
    Value* find(std::string_view key);
    const Value* find_any_case(std::string_view key) const;  ///< ASCII case-insensitive
    Value& set(std::string key, Value value);                ///< O(members); for bulk building see append_unchecked
    Value& append_unchecked(std::string key, Value value);   ///< caller knows that the key is new
    bool erase(std::string_view key);

    std::size_t size() const;
    bool empty() const;
    void reserve(std::size_t members);
    std::vector<Member>::const_iterator begin() const;
    std::vector<Member>::const_iterator end() const;
    std::vector<Member>::iterator begin();
    std::vector<Member>::iterator end();

  private:
    std::vector<Member> members_;
};

class Value {
  public:
    enum class Kind : std::uint8_t { null, boolean, integer, real, string, array, object };

    Value() = default;
    Value(std::nullptr_t) {}                              // NOLINT: implicit on purpose, as in the next ones
    Value(bool v) : data_(v) {}                           // NOLINT
    Value(int v) : data_(std::int64_t{v}) {}              // NOLINT
    Value(std::int64_t v) : data_(v) {}                   // NOLINT
    Value(double v) : data_(v) {}                         // NOLINT
    Value(std::string v) : data_(std::move(v)) {}         // NOLINT
    Value(std::string_view v) : data_(std::string(v)) {}  // NOLINT
    Value(const char* v) : data_(std::string(v)) {}       // NOLINT
    Value(Array v) : data_(std::move(v)) {}               // NOLINT
    Value(Object v) : data_(std::move(v)) {}              // NOLINT

    Kind kind() const { return static_cast<Kind>(data_.index()); }
    bool is_null() const { return kind() == Kind::null; }
    bool is_bool() const { return kind() == Kind::boolean; }
    bool is_integer() const { return kind() == Kind::integer; }
    bool is_real() const { return kind() == Kind::real; }
    bool is_string() const { return kind() == Kind::string; }
    bool is_array() const { return kind() == Kind::array; }
    bool is_object() const { return kind() == Kind::object; }
    bool is_scalar() const { return !is_array() && !is_object() && !is_null(); }

    bool boolean() const { return std::get<bool>(data_); }
    std::int64_t integer() const { return std::get<std::int64_t>(data_); }
    double real() const { return std::get<double>(data_); }
    const std::string& string() const { return std::get<std::string>(data_); }
    const Array& array() const { return std::get<Array>(data_); }
    Array& array() { return std::get<Array>(data_); }
    const Object& object() const { return std::get<Object>(data_); }
    Object& object() { return std::get<Object>(data_); }

    /// Lenient readings, as the REST protocol allows: "1", 1, true, "Y", "true" are one truth; numeric strings are
    /// numbers. nullopt when the value does not read as asked. No trimming, no partial numbers ("12a" is none).
    std::optional<bool> as_bool() const;
    std::optional<std::int64_t> as_integer() const;
    std::optional<double> as_real() const;
    /// Scalars as text (true → "1", false → "", as PHP prints them); nullopt for null, arrays, objects.
    std::optional<std::string> as_text() const;

    /// Member of an object, or nullptr when this is no object or lacks it.
    const Value* find(std::string_view key) const { return is_object() ? object().find(key) : nullptr; }
    const Value* find_any_case(std::string_view key) const {
        return is_object() ? object().find_any_case(key) : nullptr;
    }
    /// The values of an array or of an object in order (PHP clients send lists as {"0":…,"1":…}); empty otherwise.
    std::vector<const Value*> items() const;

    bool operator==(const Value&) const;

  private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

// Here, because a Member is complete only when Value is.
inline std::size_t Object::size() const {
    return members_.size();
}
inline bool Object::empty() const {
    return members_.empty();
}
inline void Object::reserve(std::size_t members) {
    members_.reserve(members);
}
inline std::vector<Member>::const_iterator Object::begin() const {
    return members_.begin();
}
inline std::vector<Member>::const_iterator Object::end() const {
    return members_.end();
}
inline std::vector<Member>::iterator Object::begin() {
    return members_.begin();
}
inline std::vector<Member>::iterator Object::end() {
    return members_.end();
}

}  // namespace stoa::json
