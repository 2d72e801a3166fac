#include "modules/people/user_fields.hpp"

#include <algorithm>
#include <array>

#include "base/utf8.hpp"

namespace stoa::people {

namespace {

constexpr std::string_view kBrief[] = {"ID",
                                       "XML_ID",
                                       "ACTIVE",
                                       "NAME",
                                       "LAST_NAME",
                                       "SECOND_NAME",
                                       "TITLE",
                                       "IS_ONLINE",
                                       "TIME_ZONE",
                                       "PERSONAL_PHOTO",
                                       "TIMESTAMP_X",
                                       "DATE_REGISTER",
                                       "USER_TYPE",
                                       "PERSONAL_PROFESSION",
                                       "PERSONAL_GENDER",
                                       "PERSONAL_BIRTHDAY",
                                       "PERSONAL_CITY",
                                       "PERSONAL_STATE",
                                       "PERSONAL_COUNTRY",
                                       "WORK_POSITION",
                                       "WORK_CITY",
                                       "WORK_STATE",
                                       "WORK_COUNTRY",
                                       "LAST_ACTIVITY_DATE",
                                       "UF_EMPLOYMENT_DATE",
                                       "UF_TIMEMAN",
                                       "UF_SKILLS",
                                       "UF_INTERESTS",
                                       "UF_DEPARTMENT",
                                       "UF_PHONE_INNER"};
constexpr std::string_view kOnlyFull[] = {"LAST_LOGIN", "PERSONAL_ICQ"};

bool wanted(const json::Value* select, std::string_view name) {
    if (!select) return true;
    const auto items = select->items();
    if (items.empty()) return true;
    return std::any_of(items.begin(), items.end(), [&](const json::Value* item) {
        const std::string text = to_upper_ascii(item->as_text().value_or(""));
        return text == "*" || text == name || (text == "UF_*" && name.starts_with("UF_"));
    });
}

}  // namespace

Detail detail_of(const api::Identity& identity) {
    if (identity.all_scopes || identity.has_scope("user")) return Detail::full;
    return identity.has_scope("user_basic") ? Detail::basic : Detail::brief;
}

bool shows(Detail detail, std::string_view field) {
    if (detail == Detail::full) return true;
    if (detail == Detail::brief) return std::find(std::begin(kBrief), std::end(kBrief), field) != std::end(kBrief);
    return std::find(std::begin(kOnlyFull), std::end(kOnlyFull), field) == std::end(kOnlyFull);
}

UserSelection select_user_fields(const api::Call& call, const model::Entity& users, const json::Value* select) {
    const Detail detail = detail_of(call.identity);
    UserSelection selection;
    for (const model::Field& field : users.fields) {
        if (field.hidden || !shows(detail, field.name) || !wanted(select, field.name)) continue;
        if (field.type == model::FieldType::links) {
            selection.departments = true;
        } else {
            selection.fields.push_back(&field);
        }
    }
    selection.is_online = wanted(select, "IS_ONLINE");
    const bool custom = call.identity.all_scopes || call.identity.has_scope("user.userfield");
    if (const auto* set = call.metadata().user_fields(users.user_field_entity); set && custom) {
        for (const model::UserField& field : set->fields) {
            if (wanted(select, field.field.name)) selection.user_fields.push_back(&field);
        }
    }
    return selection;
}

void write_user_titles(api::Call& call, const model::Entity& users) {
    const Detail detail = detail_of(call.identity);
    call.out.begin_object();
    for (const model::Field& field : users.fields) {
        if (field.hidden || !shows(detail, field.name)) continue;
        call.out.key(field.name).text(field.title_in(call.metadata().account.language));
    }
    call.out.field("IS_ONLINE", "IS_ONLINE").end_object();
}

}  // namespace stoa::people
