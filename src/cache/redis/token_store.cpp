#include "cache/redis/token_store.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "cache/causal_tokens.hpp"
#include "cache/redis/trouble.hpp"

namespace stoa::cache::redis {
namespace {

/// KEYS: of tokens; ARGV: lifetime, then a token for each. Numbers stay text: a double has 53 bits, a sequence 64.
constexpr std::string_view kPublish = R"(
local function newer(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end
for i, key in ipairs(KEYS) do
  local token = ARGV[i + 1]
  local known = redis.call('GET', key)
  if known and known ~= token then
    local best, order = {}, {}
    for _, text in ipairs({known, token}) do
      for domain, whole, sequence in string.gmatch(text, '(%d+)(%-%d+%-(%d+))') do
        local old = best[domain]
        if not old then order[#order + 1] = domain end
        if not old or newer(sequence, old[2]) then best[domain] = {whole, sequence} end
      end
    end
    table.sort(order, function(a, b) return newer(b, a) end)
    for at, domain in ipairs(order) do order[at] = domain .. best[domain][1] end
    token = table.concat(order, ',')
  end
  redis.call('SET', key, token, 'EX', ARGV[1])
end
return #KEYS
)";

}  // namespace

Result<std::unique_ptr<TokenStore>> TokenStore::open(const Address& address, const Login& login, std::string prefix,
                                                     int connect_ms, int command_ms) {
    STOA_TRY(auto connection, Connection::open(address, login, Deadline::in_ms(connect_ms)));
    std::unique_ptr<TokenStore> store(new TokenStore(std::move(connection), std::move(prefix)));
    const Deadline deadline = Deadline::in_ms(command_ms);
    STOA_TRY(const Reply loaded, no_error(store->connection_->command({"SCRIPT", "LOAD", kPublish}, deadline)));
    store->script_sha_ = loaded.text();
    STOA_CHECK(store->join_epoch(deadline));
    store->warn_of_eviction(deadline);
    return store;
}

Status TokenStore::join_epoch(Deadline deadline) {
    const std::string key = epoch_key();
    connection_->append({"SET", key, random_alnum(16), "NX"});
    connection_->append({"GET", key});
    STOA_CHECK(connection_->flush(deadline));
    STOA_TRY(const Reply set, no_error(connection_->receive(deadline)));
    STOA_TRY(const Reply epoch, no_error(connection_->receive(deadline)));
    epoch_ = epoch.text();
    return {};
}

Status TokenStore::send(const std::unordered_map<AccountId, std::string>& publish,
                        const std::vector<AccountId>& accounts, Deadline deadline) {
    published_ = !publish.empty();
    asked_ = accounts.size();
    std::vector<std::string> texts;
    std::vector<std::string_view> arguments;
    if (published_) {
        texts.reserve(2 * publish.size() + 2);
        texts.push_back(std::to_string(publish.size()));
        for (const auto& [account, token] : publish)
            texts.push_back(key(account));
        texts.push_back(std::to_string(CausalTokens::kLifetimeS));
        arguments = {"EVALSHA", script_sha_};
        arguments.insert(arguments.end(), texts.begin(), texts.end());
        for (const auto& [account, token] : publish)
            arguments.push_back(token);
        connection_->append(arguments);
    }
    if (asked_ > 0) {
        texts.clear();
        texts.reserve(asked_ + 1);
        texts.push_back(epoch_key());
        for (const AccountId account : accounts)
            texts.push_back(key(account));
        arguments = {"MGET"};
        arguments.insert(arguments.end(), texts.begin(), texts.end());
        connection_->append(arguments);
    }
    return connection_->flush(deadline);
}

Result<TokenStore::Answer> TokenStore::receive(Deadline deadline) {
    Answer answer;
    if (published_) {
        STOA_TRY(const Reply stored, connection_->receive(deadline));
        if (stored.is_error()) answer.stored = error_of(stored.text());
    }
    if (asked_ == 0) return answer;
    STOA_TRY(const Reply values, no_error(connection_->receive(deadline)));
    answer.same_epoch = values.size() == asked_ + 1 && values[0].text() == epoch_;
    if (!answer.same_epoch) return answer;
    answer.tokens.reserve(asked_);
    for (std::size_t i = 1; i <= asked_; ++i)
        answer.tokens.emplace_back(values[i].text());
    return answer;
}

/// A token that is thrown out early would make a reader believe that any replica will do.
void TokenStore::warn_of_eviction(Deadline deadline) {
    const auto reply = connection_->command({"INFO", "memory"}, deadline);
    if (!reply || !reply->is_text()) return;  // not allowed to ask: nothing to say
    const std::string_view info = reply->text();
    const bool bounded = info.find("\nmaxmemory:0\r") == std::string_view::npos;
    const bool evicts = info.find("\nmaxmemory_policy:noeviction") == std::string_view::npos;
    if (!bounded || !evicts) return;
    log::warn("causal_tokens_may_be_evicted",
              {{"action",
                "use a Redis with maxmemory-policy noeviction, or without maxmemory, for the bus; under "
                "memory pressure readers may otherwise miss what was just written"}});
}

}  // namespace stoa::cache::redis
