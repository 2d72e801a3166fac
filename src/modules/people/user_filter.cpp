#include "modules/people/user_filter.hpp"

#include <array>

#include "base/utf8.hpp"
#include "model/filter.hpp"

namespace stoa::people {

namespace {

using db::Condition;

constexpr int kWordsMax = 5;

bool is_control_parameter(std::string_view name) {
    for (const std::string_view control :
         {"sort", "order", "filter", "admin_mode", "select", "start", "image_resize"}) {
        if (equals_any_case(name, control)) return true;
    }
    return false;
}

std::string text_of(const json::Value& value) {
    return value.as_text().value_or("");
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty() && words.size() < kWordsMax) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

Condition starts_with(std::string column, std::string_view text) {
    return Condition::like(std::move(column), db::escape_like(text) + "%");
}

Condition in_department_named(const model::Entity& users, std::string_view name) {
    return Condition::exists(users.field("UF_DEPARTMENT").link_table, "owner_id", "id",
                             Condition::exists("departments", "id", "target_id", starts_with("name", name)));
}

/// Each word is the beginning of a first, last, middle name, position or e-mail.
Condition by_words(const model::Entity& users, std::string_view text, bool with_department) {
    std::vector<Condition> all;
    for (const std::string& word : words_of(text)) {
        std::vector<Condition> any;
        for (const char* column : {"name", "last_name", "second_name", "work_position", "email"}) {
            any.push_back(starts_with(column, word));
        }
        if (with_department) any.push_back(in_department_named(users, word));
        all.push_back(Condition::any(std::move(any)));
    }
    return Condition::all(std::move(all));
}

Condition online(const api::Call& call, bool wanted) {
    Condition recent = Condition::compare("last_activity_date", Condition::Op::ge, call.now() - kOnlineSeconds);
    return wanted ? recent : Condition::negate(std::move(recent));
}

/// Takes the keys that are no fields out of the client's filter and leaves the others in `rest`.
class Keys {
  public:
    Keys(api::Call& call, const model::Entity& users, bool search) : call_(call), users_(users), search_(search) {}

    void take(const json::Value& filter, bool top_level) {
        if (!filter.is_object()) return;
        for (const auto& [key, value] : filter.object()) {
            if (top_level && is_control_parameter(key)) continue;
            if (!take_special(to_upper_ascii(key), value)) rest_.set(key, value);
        }
    }

    Result<Condition> finish() {
        const model::FilterContext context{.entity = users_,
                                           .user_fields = call_.metadata().user_fields(users_.user_field_entity),
                                           .names = model::Names::classic,
                                           .zone = call_.zone(),
                                           .ignore_unknown = true};
        STOA_TRY(Condition plain, model::compile_filter(context, json::Value(std::move(rest_))));
        all_.push_back(std::move(plain));
        return Condition::all(std::move(all_));
    }

  private:
    bool take_special(const std::string& key, const json::Value& value) {
        if (key == "NAME_SEARCH") {
            all_.push_back(by_words(users_, text_of(value), false));
        } else if (key == "IS_ONLINE") {
            all_.push_back(online(call_, value.as_bool().value_or(false)));
        } else if (search_ && key == "FIND") {
            all_.push_back(by_words(users_, text_of(value), true));
        } else if (search_ && key == "UF_DEPARTMENT_NAME") {
            all_.push_back(in_department_named(users_, text_of(value)));
        } else if (search_ && (key == "NAME" || key == "LAST_NAME" || key == "WORK_POSITION") && value.is_scalar()) {
            std::string text = text_of(value);
            while (text.ends_with('%'))
                text.pop_back();
            all_.push_back(starts_with(to_lower_ascii(key), text));
        } else {
            return false;
        }
        return true;
    }

    api::Call& call_;
    const model::Entity& users_;
    const bool search_;
    std::vector<Condition> all_;
    json::Object rest_;
};

Result<Condition> compile(api::Call& call, const model::Entity& users, bool search) {
    Keys keys(call, users, search);
    keys.take(call.params.value(), true);
    if (const json::Value* filter = call.params.find("FILTER")) keys.take(*filter, false);
    return keys.finish();
}

}  // namespace

Result<db::Condition> user_get_filter(api::Call& call, const model::Entity& users) {
    return compile(call, users, false);
}

Result<db::Condition> user_search_filter(api::Call& call, const model::Entity& users) {
    return compile(call, users, true);
}

}  // namespace stoa::people
