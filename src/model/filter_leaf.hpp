#pragma once
// One condition of a filter: a field as the client names it, how to match, values. Shared by the v2 and v3 compilers.
// Pure, one compile on one thread.

#include <string_view>
#include <vector>

#include "model/filter.hpp"

namespace stoa::model {

enum class Match : std::uint8_t {
    equal,
    not_equal,
    greater,
    greater_equal,
    less,
    less_equal,
    in,
    not_in,
    contains,
    not_contains,  ///< text as it is, anywhere
    like,
    not_like,  ///< with the caller's own % wildcards
    between,
    not_between,  ///< two values, both ends included
};

/// A field of the entity or a user field of the account.
struct FieldRef {
    const Field* field = nullptr;
    const UserField* user_field = nullptr;
    explicit operator bool() const { return field != nullptr; }
};

/// By the client's naming; hidden fields do not exist here.
FieldRef find_field(const FilterContext& context, std::string_view name);

class LeafCompiler {
  public:
    explicit LeafCompiler(const FilterContext& context) : context_(context) {}
    /// Counts conditions against limits::filter_conditions_max.
    Result<db::Condition> compile(FieldRef ref, Match match, const std::vector<const json::Value*>& values);

  private:
    Result<db::Condition> plain(FieldRef ref, Match match, const std::vector<const json::Value*>& values);
    Result<db::Condition> text_match(FieldRef ref, Match match, const std::vector<const json::Value*>& values);
    Result<db::Condition> multiple_match(FieldRef ref, const std::vector<const json::Value*>& values);
    Result<db::Condition> side_table(FieldRef ref, Match match, const std::vector<const json::Value*>& values);
    Result<db::Value> stored(FieldRef ref, const json::Value& value) const;

    const FilterContext& context_;
    int conditions_ = 0;
};

Error unknown_filter_field(std::string_view name);

}  // namespace stoa::model
