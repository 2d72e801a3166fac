#pragma once
// Metadata: what is particular about one account: its settings, user fields and dynamic entities.
// An immutable snapshot, shared by threads; MetadataCache keeps the recently used ones, so an idle account costs
// nothing.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time_format.hpp"
#include "bus/bus.hpp"
#include "db/database.hpp"
#include "model/registry.hpp"
#include "model/user_field.hpp"

namespace stoa::model {

struct AccountInfo {
    AccountId id = 0;
    std::string name;
    std::string url;        ///< "https://host[:port]", without a slash at the end
    std::string member_id;  ///< 32 hex digits, public name of the account in OAuth and events
    std::string language = "en";
    std::string currency = "EUR";
    std::shared_ptr<const TimeZone> time_zone;
    std::string file_key;  ///< signs links to files; empty until the account has its first file
};

class Metadata {
  public:
    AccountInfo account;
    /// User fields of an entity by its user_field_entity ("CRM_DEAL"); nullptr when it has none.
    const UserFieldSet* user_fields(std::string_view user_field_entity) const;
    /// A smart process's entity by entityTypeId (≥ 128), or nullptr.
    const Entity* dynamic(int type_id) const;
    std::vector<const Entity*> dynamic_entities() const;

    std::unordered_map<std::string, UserFieldSet> user_field_sets;
    std::vector<std::unique_ptr<Entity>> dynamic_types;
};

/// Any thread. load() reads from the transaction at hand on a miss.
///
/// How old an entry may be: changes of this process are seen at once, those of others when their message arrives (about
/// a millisecond), and while the bus is down after kUnreliableMs. A message that nobody sent (a change past the
/// program) costs kLifetimeMs. For kSettleMs after a change nothing is kept: a transaction that began before it, or
/// reads from a replica that has not got it yet, would otherwise put the old state back.
class MetadataCache {
  public:
    static constexpr std::int64_t kLifetimeMs = 10'000;
    static constexpr std::int64_t kUnreliableMs = 1'000;
    static constexpr std::int64_t kSettleMs = 2'000;

    /// settle_ms: only tests want less.
    MetadataCache(const Registry& registry, std::size_t accounts_max, std::int64_t settle_ms = kSettleMs);
    ~MetadataCache();
    /// Exchanges changes with the other processes on the same database from now on. Once, before other threads use the
    /// cache; the bus must live longer.
    Status share(bus::Bus& bus);
    Result<std::shared_ptr<const Metadata>> load(db::Tx& tx);
    /// Inside a write that changes settings, user fields or types: forgets the account when the write commits;
    /// until then this transaction must use fresh().
    void invalidate_on_commit(db::WriteTx& tx);
    /// Reads past the cache (what this transaction itself has changed).
    Result<std::shared_ptr<const Metadata>> fresh(db::Tx& tx) const;
    /// In this process and, when shared, in the others.
    void forget(AccountId account);

  private:
    struct State;
    const Registry& registry_;
    std::unique_ptr<State> state_;
};

}  // namespace stoa::model
