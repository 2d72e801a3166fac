// Who calls: profile, user.admin, user.access, access.name, app.info.
// https://github.com/bitrix24/b24restdocs api-reference/common

#include <array>

#include "modules/accounts/methods.hpp"
#include "modules/accounts/users.hpp"

namespace stoa::accounts {

namespace {

constexpr std::size_t kAccessCodesMax = 100;

Status profile(api::Call& call) {
    const model::Entity& users = call.registry().entity(kUserEntity);
    STOA_TRY(const model::Record user, call.records.as_system().get(users, call.actor().user));
    call.out.begin_object();
    call.out.raw_key("ID").integer_text(user.id());
    call.out.field("ADMIN", call.actor().is_admin());
    call.out.field("NAME", user.text("NAME")).field("LAST_NAME", user.text("LAST_NAME"));
    call.out.field("PERSONAL_GENDER", user.text("PERSONAL_GENDER"));
    call.out.field("TIME_ZONE", user.text("TIME_ZONE"));
    call.out.end_object();
    return {};
}

Status user_admin(api::Call& call) {
    call.out.boolean(call.actor().is_admin());
    return {};
}

/// Codes: U<id> the user, G1 administrators, G2 everybody, AU everybody logged in, D<id> and DR<id> departments.
bool has_access_code(const model::Actor& actor, std::string_view code) {
    if (code == "AU" || code == "G2") return true;
    if (code == "G1") return actor.is_admin();
    if (code == "U" + std::to_string(actor.user)) return true;
    for (const RecordId department : actor.departments) {
        if (code == "D" + std::to_string(department) || code == "DR" + std::to_string(department)) return true;
    }
    return false;
}

std::vector<std::string> access_codes(const api::Call& call) {
    std::vector<std::string> codes;
    const json::Value* access = call.params.find("ACCESS");
    if (!access) return codes;
    if (const auto one = access->as_text(); one && !one->empty()) codes.push_back(*one);
    for (const json::Value* item : access->items()) {
        if (codes.size() >= kAccessCodesMax) break;
        if (auto text = item->as_text()) codes.push_back(std::move(*text));
    }
    return codes;
}

Status user_access(api::Call& call) {
    bool any = false;
    for (const std::string& code : access_codes(call))
        any = any || has_access_code(call.actor(), code);
    call.out.boolean(any);
    return {};
}

struct AccessName {
    std::string provider, name, provider_id;
};

Result<AccessName> name_of(api::Call& call, const std::string& code) {
    const std::string number = code.substr(std::min(code.find_first_of("0123456789"), code.size()));
    const RecordId id = number.empty() ? 0 : std::atoll(number.c_str());
    if (code == "AU") return AccessName{"", "All authorized users", "other"};
    if (code == "G1") return AccessName{"", "Administrators", "other"};
    if (code == "G2") return AccessName{"", "All visitors", "other"};
    if (code == "U" + number && id > 0) {
        STOA_TRY(const model::Record user, call.records.get(call.registry().entity(kUserEntity), id));
        return AccessName{"", user.text("NAME") + " " + user.text("LAST_NAME"), "user"};
    }
    if ((code == "D" + number || code == "DR" + number) && id > 0 && call.registry().find("department")) {
        STOA_TRY(const model::Record department, call.records.get(call.registry().entity("department"), id));
        return AccessName{"", department.text("NAME"), "intranet"};
    }
    return not_found("There is no such access code.");
}

Status access_name(api::Call& call) {
    const auto codes = access_codes(call);
    if (codes.empty()) {
        call.out.boolean(false);
        return {};
    }
    call.out.begin_object();
    for (const std::string& code : codes) {
        const auto name = name_of(call, code);
        if (!name) continue;
        call.out.key(code).begin_object();
        call.out.field("provider", name->provider).field("name", name->name).field("provider_id", name->provider_id);
        call.out.end_object();
    }
    call.out.end_object();
    return {};
}

std::string join(const std::vector<std::string>& list) {
    std::string joined;
    for (const std::string& item : list)
        joined += (joined.empty() ? "" : ",") + item;
    return joined;
}

/// The portal's answer, and what the authorisation server says of a token, in one: clients ask either.
Status app_info(api::Call& call) {
    if (call.identity.through != api::Through::application) {
        return forbidden("Access denied! Application context required", "ACCESS_DENIED");
    }
    const model::AccountInfo& account = call.metadata().account;
    const std::string scope = join(call.identity.scopes);
    call.out.begin_object();
    call.out.field("ID", call.identity.credential_id).field("CODE", call.identity.client_id).field("VERSION", 1);
    call.out.field("STATUS", "L").field("INSTALLED", true).field("PAYMENT_EXPIRED", "N").key("DAYS").null();
    call.out.field("LANGUAGE_ID", account.language).field("LICENSE", account.language + "_selfhosted");
    call.out.field("LICENSE_TYPE", "selfhosted").field("LICENSE_FAMILY", "selfhosted");
    call.out.field("client_id", call.identity.client_id).field("scope", scope);
    call.out.field("expires", call.identity.expires_at).field("user_id", call.actor().user);
    call.out.field("member_id", account.member_id);
    call.out.key("install").begin_object();
    call.out.field("installed", true).field("version", "1").field("status", "L").field("scope", scope);
    call.out.field("client_endpoint", account.url + "/rest/").field("member_id", account.member_id);
    call.out.end_object().end_object();
    return {};
}

}  // namespace

void add_identity_methods(api::MethodTable& table) {
    using api::Run;
    table.add({
        {.name = "profile", .scope = "", .run = Run::io, .handler = &profile},
        {.name = "user.admin", .scope = "", .run = Run::io, .handler = &user_admin},
        {.name = "user.access", .scope = "", .run = Run::io, .handler = &user_access},
        {.name = "access.name", .scope = "", .handler = &access_name},
        {.name = "app.info", .scope = "", .run = Run::io, .handler = &app_info},
    });
}

}  // namespace stoa::accounts
