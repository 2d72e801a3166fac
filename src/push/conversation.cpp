#include "push/conversation.hpp"

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "json/writer.hpp"
#include "model/limits.hpp"
#include "model/push_outbox.hpp"
#include "push/publication_reader.hpp"

namespace stoa::push {
namespace {

constexpr std::size_t kSenderBytes = 40;

Error too_many_tags() {
    return Error{Errc::too_large, "A connection watches at most " + std::to_string(limits::push_tags_max) + " tags.",
                 "tags"};
}

Result<std::string> open_route(const std::string& name, const Session& session, const api::PushChannels& channels) {
    STOA_TRY(const api::PushChannel channel, channels.open(name, system_clock().now()));
    const bool own = channel.account == session.account && channel.app == session.app;
    if (!own || channel.kind != api::PushChannel::Kind::open) {
        return Error{Errc::forbidden, "Only public channels of one's own account can be sent to.", "channelList"};
    }
    return route_of(channel);
}

Result<Publication> publication_of(const PublicationReader& reader, const Session& session,
                                   const api::PushChannels& channels) {
    Publication out;
    STOA_TRY(const auto users, reader.users());
    for (const UserId user : users) {
        out.routes.push_back(route_of({.account = session.account, .user = user, .app = session.app}));
    }
    STOA_TRY(const auto names, reader.channels());
    for (const std::string& name : names) {
        STOA_TRY(std::string route, open_route(name, session, channels));
        out.routes.push_back(std::move(route));
    }
    if (out.routes.empty()) return invalid("Nobody is named who should get it.", "userList");
    STOA_TRY(const PublicationReader::Body body, reader.body());
    out.body = body_of(body.module_id, body.command, body.params_json, system_clock().now_us());
    out.sender.reserve(kSenderBytes);
    out.sender.append(R"({"type":1,"id":")").append(std::to_string(session.user)).append("\"}");
    if (out.body.size() > limits::push_message_bytes_max) {
        return Error{Errc::too_large, "The message is too large.", "body"};
    }
    return out;
}

}  // namespace

Error too_many_receivers(std::string_view member) {
    return Error{Errc::too_large,
                 "At most " + std::to_string(limits::push_routes_per_message_max) + " receivers are named at once.",
                 std::string(member)};
}

Error no_user(std::string_view member) {
    return invalid("A user is a number from 1 on.", std::string(member));
}

Result<std::vector<UserId>> read_users(const json::Value& params, std::string_view member) {
    std::vector<UserId> out;
    const json::Value* const list = params.find(member);
    if (list == nullptr) return out;
    const auto items = list->items();
    if (items.size() > limits::push_routes_per_message_max) return too_many_receivers(member);
    for (const json::Value* one : items) {
        const auto user = one->as_integer();
        if (!user || *user < 1) return no_user(member);
        out.push_back(*user);
    }
    return out;
}

Result<std::vector<std::string>> read_tags(const json::Value& params) {
    std::vector<std::string> out;
    const json::Value* const list = params.find("tags");
    if (list == nullptr) return invalid("There are no tags.", "tags");
    const auto items = list->items();
    if (items.size() > limits::push_tags_max) return too_many_tags();
    for (const json::Value* one : items) {
        const std::string tag = one->as_text().value_or("");
        STOA_CHECK(model::check_push_tag(tag));
        out.push_back(tag_route(tag));
    }
    return out;
}

Result<std::vector<WatchedTag>> read_tag_list(std::string_view text) {
    std::vector<WatchedTag> out;
    while (!text.empty()) {
        if (out.size() == limits::push_tags_max) return too_many_tags();
        const auto comma = text.find(',');
        const std::string_view one = text.substr(0, comma);
        const auto at = one.find('@');
        const std::string_view name = one.substr(0, at);
        if (const Status good = model::check_push_tag(name); !good) return invalid(good.error().message, "tags");
        WatchedTag tag{tag_route(name), std::nullopt};
        if (at != std::string_view::npos) tag.after = Position::parse(one.substr(at + 1)).value_or(Position{});
        out.push_back(std::move(tag));
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return out;
}

Result<Publication> client_publication(std::string_view json, const Session& session,
                                       const api::PushChannels& channels) {
    PublicationReader reader;
    STOA_CHECK(json::read_events(json, reader));
    return publication_of(reader, session, channels);
}

Result<Publication> client_publication(const json::Value& params, const Session& session,
                                       const api::PushChannels& channels) {
    PublicationReader reader;
    json::tell(params, reader);
    return publication_of(reader, session, channels);
}

Result<std::string> users_last_seen(const json::Value& params, const Account& account) {
    STOA_TRY(const auto users, read_users(params, "userList"));
    std::string text;
    json::Writer out(text);
    out.begin_object();
    for (const UserId user : users) {
        if (const auto seconds = account.last_seen_s(user)) out.field(std::to_string(user), *seconds);
    }
    out.end_object();
    return text;
}

}  // namespace stoa::push
