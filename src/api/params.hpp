#pragma once
// Params: the parameters of one call, read by name (ASCII case-insensitive, as clients vary) or by position.
// Refers to a json::Value that outlives it. Errors name the parameter.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace stoa::api {

class Params {
  public:
    explicit Params(const json::Value& value) : value_(&value) {}

    const json::Value& value() const { return *value_; }
    /// nullptr when absent. Exact spelling first, then any case.
    const json::Value* find(std::string_view name) const;
    /// The n-th parameter in order of appearance (transport parameters such as auth are already taken out).
    const json::Value* at(std::size_t position) const;

    Result<std::int64_t> id(std::string_view name) const;                                  ///< required, a number ≥ 1
    Result<std::int64_t> integer(std::string_view name) const;                             ///< required
    Result<std::int64_t> integer_or(std::string_view name, std::int64_t otherwise) const;  ///< wrong type is an error
    Result<std::string> text(std::string_view name) const;                                 ///< required, not empty
    Result<std::string> text_or(std::string_view name, std::string otherwise) const;
    Result<bool> boolean_or(std::string_view name, bool otherwise) const;
    Result<const json::Value*> object(std::string_view name) const;  ///< required; an empty list counts as {}
    Result<const json::Value*> object_or_empty(std::string_view name) const;
    Result<const json::Value*> list(std::string_view name) const;  ///< required; array or object with numeric keys

  private:
    const json::Value* value_;
};

}  // namespace stoa::api
