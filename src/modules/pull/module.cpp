// pull.*: the shapes are those that the official client reads, https://github.com/bitrix24/b24jssdk
// packages/jssdk/src/pullClient (TypePullClientConfig, TypeChannelManagerParams).

#include "modules/pull/module.hpp"

#include <vector>

#include "api/call.hpp"
#include "api/push_channels.hpp"
#include "base/limits.hpp"

namespace stoa::pull {
namespace {

using api::Call;
using api::PushChannel;
using Kind = PushChannel::Kind;

constexpr const char* kScope = "pull";
constexpr int kServerVersion = 5;  ///< JSON-RPC as text
constexpr int kRevision = 19;
constexpr std::int64_t kLifetimeS = 12 * 3600;

/// Channels of one application never carry what is for the portal's own pages, nor what is for another application.
std::string app_of(const api::Identity& identity) {
    switch (identity.through) {
        case api::Through::session:
            return {};
        case api::Through::application:
            return PushChannel::app_of(identity.client_id);
        case api::Through::webhook:
            break;
    }
    return PushChannel::app_of("webhook-" + std::to_string(identity.credential_id));
}

void write_time(json::Writer& out, std::string_view name, const Call& call, UnixSeconds at) {
    std::string text;
    append_iso(text, at, call.zone());
    out.key(name).raw_text(text);
}

PushChannel channel_of(const Call& call, Kind kind, UserId user) {
    return {.kind = kind,
            .account = call.actor().account,
            .user = user,
            .expires_at = call.now() + kLifetimeS,
            .app = app_of(call.identity)};
}

void write_public(Call& call, UserId user) {
    const std::string name = call.services.push->sign(channel_of(call, Kind::open, user));
    const auto dot = name.find('.');
    call.out.key(std::to_string(user)).begin_object().field("user_id", user);
    call.out.field("public_id", std::string_view(name).substr(0, dot));
    call.out.field("signature", std::string_view(name).substr(dot + 1));
    write_time(call.out, "start", call, call.now());
    write_time(call.out, "end", call, call.now() + kLifetimeS);
    call.out.end_object();
}

void write_channel(Call& call, std::string_view type, Kind kind, UserId user) {
    call.out.key(type).begin_object();
    call.out.field("id", call.services.push->sign(channel_of(call, kind, user))).field("type", type);
    write_time(call.out, "start", call, call.now());
    write_time(call.out, "end", call, call.now() + kLifetimeS);
    call.out.end_object();
}

/// "https://host" → "wss://host"
std::string with_scheme(std::string_view url, std::string_view scheme) {
    const auto at = url.find("://");
    return std::string(scheme) + std::string(at == std::string_view::npos ? url : url.substr(at));
}

void write_server(Call& call) {
    const std::string& url = call.metadata().account.url;
    json::Writer& out = call.out;
    out.key("server").begin_object();
    out.field("version", kServerVersion).field("server_enabled", true).field("mode", "personal");
    out.field("long_polling", with_scheme(url, "http") + "/push/poll");
    out.field("long_pooling_secure", with_scheme(url, "https") + "/push/poll");  // so spelled in the protocol
    out.field("websocket_enabled", true);
    out.field("websocket", with_scheme(url, "ws") + "/push/ws");
    out.field("websocket_secure", with_scheme(url, "wss") + "/push/ws");
    out.field("publish_enabled", true);
    out.field("publish", with_scheme(url, "http") + "/push/publish");
    out.field("publish_secure", with_scheme(url, "https") + "/push/publish");
    out.field("config_timestamp", 0);
    out.end_object();
}

Status write_config(Call& call) {
    if (call.services.push == nullptr) return Error{Errc::unavailable, "There is no push server."};
    const UserId user = call.actor().user;
    const bool of_app = !app_of(call.identity).empty();
    json::Writer& out = call.out;
    out.begin_object();
    write_server(call);
    out.key("api").begin_object().field("revision_web", kRevision).field("revision_mobile", kRevision).end_object();
    out.key("channels").begin_object();
    write_channel(call, "private", of_app ? Kind::app_user : Kind::user, user);
    write_channel(call, "shared", of_app ? Kind::app : Kind::account, 0);
    out.end_object();
    out.key("publicChannels").begin_object();
    write_public(call, user);
    out.end_object();
    out.key("clientId").null().key("jwt").null();
    out.field("exp", call.now() + kLifetimeS);
    write_time(out, "serverTime", call, call.now());
    out.end_object();
    return {};
}

Status config(Call& call) {
    if (call.identity.through == api::Through::session) return write_config(call);
    return Error{Errc::forbidden, "Applications ask for pull.application.config.get.", {}, "WRONG_AUTH_TYPE"};
}

/// `users` are the portal's: whoever is none gets no channel.
Status public_channels(Call& call) {
    if (call.services.push == nullptr) return Error{Errc::unavailable, "There is no push server."};
    STOA_TRY(const json::Value* users, call.params.list("users"));
    const auto items = users->items();
    if (items.size() > limits::push_routes_per_message_max) {
        return Error{Errc::too_large,
                     "At most " + std::to_string(limits::push_routes_per_message_max) + " users are named at once.",
                     "users"};
    }
    const model::Entity& entity = call.registry().entity("user");
    call.out.begin_object();
    for (const json::Value* one : items) {
        const auto user = one->as_integer();
        if (!user || *user < 1) return invalid("A user is a number from 1 on.", "users");
        STOA_TRY(const bool there, call.records.exists(entity, *user));
        if (there) write_public(call, *user);
    }
    call.out.end_object();
    return {};
}

/// The caller's connections hear of these tags, wherever they are, until they end.
Status extend_watch(Call& call) {
    if (call.identity.through != api::Through::session) {
        return Error{Errc::forbidden, "Applications bind events instead.", {}, "WRONG_AUTH_TYPE"};
    }
    STOA_TRY(const json::Value* tags, call.params.list("tags"));
    const auto items = tags->items();
    if (items.size() > limits::push_tags_max) {
        return Error{Errc::too_large, "At most " + std::to_string(limits::push_tags_max) + " tags are watched.",
                     "tags"};
    }
    std::string params;
    json::Writer out(params);
    out.begin_object().key("tags").begin_array();
    for (const json::Value* one : items) {
        const std::string tag = one->as_text().value_or("");
        STOA_CHECK(model::check_push_tag(tag));
        out.raw_text(tag);
    }
    out.end_array().end_object();
    if (!items.empty()) {
        const model::Push push{{call.actor().user}, "pull", "watch", params};
        STOA_CHECK(call.services.model.pushes.append(call.records.write_tx(), push));
    }
    call.out.boolean(true);
    return {};
}

Status read_receivers(Call& call, model::Push& push) {
    const json::Value* const given = call.params.find("user_id");
    if (given == nullptr) return {};
    std::vector<const json::Value*> items{given};
    if (given->is_array() || given->is_object()) items = given->items();
    for (const json::Value* one : items) {
        const auto user = one->as_integer();
        if (!user || *user < 1) return invalid("A user is a number from 1 on.", "USER_ID");
        push.users.push_back(*user);
    }
    if (!push.users.empty()) return {};
    return invalid("Nobody is named; without USER_ID all users of the application hear it.", "USER_ID");
}

/// An application tells its own pages: those of one user or of several, or of all.
Status add_application_event(Call& call) {
    model::Push push;
    push.app = app_of(call.identity);
    if (push.app.empty()) return Error{Errc::forbidden, "This is for applications.", {}, "WRONG_AUTH_TYPE"};
    STOA_CHECK(read_receivers(call, push));
    STOA_TRY(push.command, call.params.text("command"));
    STOA_TRY(push.module_id, call.params.text_or("module_id", "application"));
    STOA_TRY(const json::Value* params, call.params.object_or_empty("params"));
    push.params_json = params->is_object() ? json::to_json(*params) : "{}";
    STOA_CHECK(call.services.model.pushes.append(call.records.write_tx(), push));
    call.out.boolean(true);
    return {};
}

}  // namespace

void add_methods(api::MethodTable& table) {
    table.add(std::vector<api::Method>{
        {.name = "pull.config.get", .scope = "", .handler = config},
        {.name = "pull.application.config.get", .scope = kScope, .handler = write_config},
        {.name = "pull.channel.public.list", .scope = "", .handler = public_channels},
        {.name = "pull.channel.public.get", .scope = "", .handler = public_channels},
        {.name = "pull.application.event.add",
         .scope = kScope,
         .effect = api::Effect::write,
         .handler = add_application_event},
        {.name = "pull.watch.extend", .scope = "", .effect = api::Effect::write, .handler = extend_watch},
    });
}

}  // namespace stoa::pull
