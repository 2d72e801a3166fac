#pragma once
// Client of etcd 3.4's JSON gateway (/v3/kv, /v3/lease, /v3/maintenance). Any thread; every call blocks, so never on an
// I/O thread. The server that answered last is asked first; one that does not answer within call_ms is given up for the
// next, and round again until deadline_ms is over: an election of theirs costs waiting, not an error.
// Errors: unavailable or timeout (nobody answered in time; whether a write happened is then unknown), not_found (a
// lease that is gone), too_large, busy (etcd's own limits), invalid_argument.
// https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cluster/limits.hpp"
#include "json/value.hpp"

namespace stoa::cluster::etcd {

using LeaseId = std::int64_t;  ///< 0 = none

struct KeyValue {
    std::string key, value;
    std::int64_t create_revision = 0;  ///< goes up with each new owner of a lock: a fencing token
    std::int64_t mod_revision = 0;
    LeaseId lease = 0;
};

struct Listing {
    std::vector<KeyValue> items;  ///< by key
    std::int64_t revision = 0;    ///< of the whole store, when this was all of it
};

struct ServerStatus {
    std::string version;
    std::uint64_t member = 0;
    std::uint64_t leader = 0;  ///< 0 = none
    std::int64_t revision = 0;
    std::int64_t database_bytes = 0;
};

/// Changes that happen all at once or not at all.
struct Transaction {
    struct Condition {
        std::string key;
        std::int64_t mod_revision = 0;  ///< when it was last changed; 0 = absent
    };
    struct Put {
        std::string key, value;
    };
    std::vector<Condition> conditions;
    std::vector<Put> puts;  ///< without a lease
    std::vector<std::string> removes;
};

/// How a conditional write went.
struct Outcome {
    bool done = false;
    std::int64_t revision = 0;          ///< of the store
    std::optional<KeyValue> current{};  ///< what is there instead, when not done
};

struct ClientOptions {
    std::vector<std::string> endpoints;  ///< "http://10.0.0.1:2379"
    int call_ms = limits::etcd_call_ms;
    int deadline_ms = limits::etcd_deadline_ms;
};

class Client {
  public:
    explicit Client(ClientOptions options);

    /// What every member agreed on; nullopt when absent.
    Result<std::optional<KeyValue>> get(std::string_view key);
    Result<Listing> get_prefix(std::string_view prefix);
    /// Gives the store's revision.
    Result<std::int64_t> put(std::string_view key, std::string_view value, LeaseId lease = 0);
    /// True when it was there.
    Result<bool> remove(std::string_view key);

    // Conditional writes. After an answer that was lost they look whether the value and lease there are the caller's:
    // let one of them be its own (a lock holds the name of its owner).
    Result<Outcome> create_if_absent(std::string_view key, std::string_view value, LeaseId lease = 0);
    /// Only when the key was last changed at that revision; 0 = absent.
    Result<Outcome> put_if_unchanged(std::string_view key, std::string_view value, std::int64_t mod_revision,
                                     LeaseId lease = 0);
    /// The same, and only while another key is there that was created at that revision: what a leader sent does nothing
    /// once its key is gone, however late it arrives.
    Result<Outcome> put_if_unchanged_while(std::string_view key, std::string_view value, std::int64_t mod_revision,
                                           std::string_view held_key, std::int64_t held_create_revision);
    /// Also done when it is gone already.
    Result<Outcome> remove_if_unchanged(std::string_view key, std::int64_t mod_revision);

    /// Not done: a condition was not met. After an answer that was lost, whether it happened cannot be told from that:
    /// then the error is timeout.
    Result<Outcome> carry_out(const Transaction& transaction);

    Result<LeaseId> grant_lease(int ttl_s);
    /// Gives the seconds it has again. not_found when it has expired.
    Result<int> keep_alive(LeaseId lease);
    /// Removes its keys at once. Fine when it is gone.
    Status revoke(LeaseId lease);

    /// Of the server that answers first.
    Result<ServerStatus> status();
    /// Forgets old versions. For upkeep and tests.
    Status compact(std::int64_t revision);

    const ClientOptions& options() const { return options_; }

  private:
    struct Answer {
        json::Value body;
        bool repeated = false;  ///< an earlier try may have been carried out, too
    };
    Result<Answer> call(std::string_view path, const std::string& body);
    Result<Outcome> conditional(const std::string& body,
                                const std::function<bool(const std::optional<KeyValue>&)>& is_ours);

    const ClientOptions options_;
    std::atomic<std::size_t> preferred_{0};
};

}  // namespace stoa::cluster::etcd
