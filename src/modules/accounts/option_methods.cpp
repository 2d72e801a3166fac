// Values that applications keep: app.option.*, user.option.*.
// https://github.com/bitrix24/b24restdocs api-reference/common/settings

#include "modules/accounts/methods.hpp"

#include "json/parse.hpp"

namespace stoa::accounts {

namespace {

constexpr std::int64_t kOptionsMax = 500;
constexpr std::size_t kOptionNameBytesMax = 255;
constexpr std::size_t kOptionValueBytesMax = 64 * 1024;

Status check_application(const api::Call& call) {
    if (call.identity.through == api::Through::application) return {};
    return forbidden("Access denied! Application context required", "ACCESS_DENIED");
}

db::Condition of_owner(const api::Call& call, UserId user) {
    return db::Condition::all(
        {db::Condition::equals("client_id", call.identity.client_id), db::Condition::equals("user_id", user)});
}

Status write_one_option(api::Call& call, UserId user, const std::string& name) {
    const db::Select select{.table = "app_options",
                            .columns = {{"value_json", ""}},
                            .where = db::Condition::all({of_owner(call, user), db::Condition::equals("name", name)}),
                            .order = {},
                            .limit = 1};
    bool found = false;
    STOA_CHECK(call.tx().select(select, [&](const db::Row& row) {
        found = true;
        call.out.raw(row.text(0));
        return false;
    }));
    if (!found) call.out.null();
    return {};
}

Status get_options(api::Call& call, UserId user) {
    STOA_CHECK(check_application(call));
    STOA_TRY(const std::string name, call.params.text_or("option", ""));
    if (!name.empty()) return write_one_option(call, user, name);
    const db::Select select{.table = "app_options",
                            .columns = {{"name", ""}, {"value_json", ""}},
                            .where = of_owner(call, user),
                            .order = {{{"name", ""}, false}},
                            .limit = kOptionsMax};
    call.out.begin_object();
    STOA_CHECK(call.tx().select(select, [&](const db::Row& row) {
        call.out.key(row.text(0)).raw(row.text(1));
        return true;
    }));
    call.out.end_object();
    return {};
}

Status set_options(api::Call& call, UserId user) {
    STOA_CHECK(check_application(call));
    const json::Value* options = call.params.find("options");
    if (!options || !options->is_object() || options->object().empty()) {
        return invalid("options is empty", "options", "ArgumentNullException");
    }
    STOA_TRY(const std::int64_t count, call.tx().count("app_options", of_owner(call, user), kOptionsMax));
    if (count + static_cast<std::int64_t>(options->object().size()) > kOptionsMax) {
        return Error{Errc::too_large, "An application can keep 500 options.", "options"};
    }
    const std::vector<std::string> key = {"client_id", "user_id", "name"};
    for (const auto& [name, value] : options->object()) {
        std::string text = json::to_json(value);
        if (name.empty() || name.size() > kOptionNameBytesMax)
            return invalid("An option's name has 1 to 255 bytes.", "options");
        if (text.size() > kOptionValueBytesMax) return Error{Errc::too_large, "An option holds 64 KB at most.", name};
        const std::vector<db::Assignment> row = {
            {"client_id", call.identity.client_id}, {"user_id", user}, {"name", name}, {"value_json", std::move(text)}};
        STOA_CHECK(call.write_tx().upsert("app_options", key, row));
    }
    call.out.boolean(true);
    return {};
}

constexpr UserId kWholeApplication = 0;

Status app_option_get(api::Call& call) {
    return get_options(call, kWholeApplication);
}
Status user_option_get(api::Call& call) {
    return get_options(call, call.actor().user);
}
Status user_option_set(api::Call& call) {
    return set_options(call, call.actor().user);
}

Status app_option_set(api::Call& call) {
    STOA_CHECK(check_application(call));
    if (!call.actor().is_admin()) return forbidden("Administrator authorization required", "AccessException");
    return set_options(call, kWholeApplication);
}

}  // namespace

void add_option_methods(api::MethodTable& table) {
    using api::Effect;
    table.add({
        {.name = "app.option.get", .scope = "", .handler = &app_option_get},
        {.name = "app.option.set", .scope = "", .effect = Effect::write, .handler = &app_option_set},
        {.name = "user.option.get", .scope = "", .handler = &user_option_get},
        {.name = "user.option.set", .scope = "", .effect = Effect::write, .handler = &user_option_set},
    });
}

}  // namespace stoa::accounts
