#pragma once
// Conversation: what a client asks of the push server, whatever way it came: to send something to others, who is there.
// Limits and rights are here. The client's shard's thread.
// Methods: https://github.com/bitrix24/b24jssdk packages/jssdk/src/pullClient (RpcMethod)

#include <string>
#include <string_view>

#include "api/push_channels.hpp"
#include "push/subscriber.hpp"

namespace stoa::push {

/// A client's wish to send: {"userList": [17] | "channelList": ["id.signature"], "body": {"module_id", "command",
/// "params"}, "expiry"}. What arrives says that a client sent it. Errors: invalid_argument, forbidden, too_large.
Result<Publication> client_publication(std::string_view json, const Session& session,
                                       const api::PushChannels& channels);
Result<Publication> client_publication(const json::Value& params, const Session& session,
                                       const api::PushChannels& channels);

/// "result" as JSON, of {"userList": [17]}: seconds since each was last there. Errors: invalid_argument.
Result<std::string> users_last_seen(const json::Value& params, const Account& account);

/// The routes of the member "tags". Errors: too_large, invalid_argument.
Result<std::vector<std::string>> read_tags(const json::Value& params);
/// The tags in a client's address, "deal,task@1700000000000-5": behind "@" the position from which on it watches the
/// tag; one that is none of ours is one at which everything is missing. Errors: too_large, invalid_argument.
Result<std::vector<WatchedTag>> read_tag_list(std::string_view text);
/// Of a member that names receivers: there are more than limits::push_routes_per_message_max; one is no user's number.
Error too_many_receivers(std::string_view member);
Error no_user(std::string_view member);
/// A list of users' numbers. Errors: invalid_argument naming the member, too_large.
Result<std::vector<UserId>> read_users(const json::Value& params, std::string_view member);

}  // namespace stoa::push
