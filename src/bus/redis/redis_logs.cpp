#include "bus/redis/redis_logs.hpp"

#include "base/limits.hpp"

namespace stoa::bus::redis {

using cache::redis::Reply;

namespace {

/// KEYS: the stream, and perhaps what was told once. ARGV: payload, channel, sender, length, lifetime, lifetime of
/// KEYS[2], run id of the server. Scripts run one at a time, and what they publish leaves in that order:
/// https://redis.io/docs/latest/develop/interact/ programmability/eval-intro/. The epoch ends with the server: its run
/// id stands in each entry.
constexpr std::string_view kTell = R"lua(
if KEYS[2] and not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[6]) then return '' end
local run = ARGV[7]
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local time = redis.call('TIME')
local epoch = string.format('%s%03d', time[1], math.floor(tonumber(time[2]) / 1000))
local number, previous = 0, ''
if last then
  previous = last[1]
  local dash = string.find(previous, '-', 1, true)
  local before = string.sub(previous, 1, dash - 1)
  if last[2][2] == run then
    epoch, number = before, tonumber(string.sub(previous, dash + 1))
  elseif tonumber(before) >= tonumber(epoch) then
    epoch = string.format('%.0f', tonumber(before) + 1)
  end
end
local id = epoch .. '-' .. string.format('%.0f', number + 1)
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], id, 'r', run, 'p', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', ARGV[2], ARGV[3] .. id .. ' ' .. previous .. ' ' .. ARGV[1])
return id
)lua";

}  // namespace

RedisLogs::RedisLogs(const cache::redis::Settings& settings, std::string node, RedisStreams& streams)
    : settings_(settings), node_(std::move(node)), streams_(streams) {}

Result<std::vector<std::string>> RedisLogs::tell(std::span<const Telling> what, const StreamLimits& limits) {
    STOA_TRY(auto connection, streams_.take());
    const std::string length = std::to_string(limits.length);
    const std::string lifetime = std::to_string(limits.lifetime_s);
    const std::string once_lifetime = std::to_string(limits::bus_once_s);
    const std::string sender = node_ + "m";
    for (const Telling& one : what) {
        const std::string stream = streams_.key(one.log);
        const std::string once = settings_.prefix + "once1:" + one.once;
        const std::string channel = settings_.prefix + "bus1:" + log_channel(one.log);
        std::vector<std::string_view> words{"EVAL", kTell, one.once.empty() ? "1" : "2", stream};
        if (!one.once.empty()) words.push_back(once);
        for (const std::string_view word :
             {std::string_view(one.payload), std::string_view(channel), std::string_view(sender),
              std::string_view(length), std::string_view(lifetime), std::string_view(once_lifetime),
              std::string_view(connection->run_id())})
            words.push_back(word);
        connection->append(words);
    }
    STOA_TRY(const std::vector<Reply> replies, streams_.run(connection, what.size()));
    std::vector<std::string> ids;
    for (const Reply& reply : replies)
        ids.emplace_back(reply.text());
    return ids;
}

}  // namespace stoa::bus::redis
