#include "cluster/etcd/client.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/crypto.hpp"
#include "cluster/etcd/gateway.hpp"
#include "json/writer.hpp"

namespace stoa::cluster::etcd {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr int kPageKeys = 512;
constexpr int kRoundPauseMs = 50;  ///< when no server answers
constexpr int kTryMsMin = 20;      ///< less time than that is no try

void bytes(json::Writer& out, std::string_view name, std::string_view value) {
    out.key(name).raw_text(base64_encode(value));
}

std::string put_body(std::string_view key, std::string_view value, LeaseId lease) {
    std::string text;
    json::Writer out(text);
    out.begin_object();
    bytes(out, "key", key);
    bytes(out, "value", value);
    if (lease != 0) out.key("lease").integer_text(lease);
    out.end_object();
    return text;
}

std::string key_body(std::string_view key) {
    std::string text;
    json::Writer out(text);
    out.begin_object();
    bytes(out, "key", key);
    out.end_object();
    return text;
}

std::string lease_body(LeaseId lease) {
    std::string text;
    json::Writer(text).begin_object().key("ID").integer_text(lease).end_object();
    return text;
}

/// A key that must be there, created at that revision.
struct Held {
    std::string_view key;
    std::int64_t create_revision = 0;
};

/// If the key was last changed at the revision (0: is absent) then `success`; else it says what is there.
std::string transaction_body(std::string_view key, std::int64_t mod_revision, std::string_view request,
                             const std::string& success, const Held* held = nullptr) {
    std::string text;
    json::Writer out(text);
    out.begin_object().key("compare").begin_array().begin_object();
    bytes(out, "key", key);
    out.field("target", "MOD").key("mod_revision").integer_text(mod_revision).end_object();
    if (held != nullptr) {
        out.begin_object();
        bytes(out, "key", held->key);
        out.field("target", "CREATE").key("create_revision").integer_text(held->create_revision).end_object();
    }
    out.end_array();
    out.key("success").begin_array().begin_object().key(request).raw(success).end_object().end_array();
    out.key("failure").begin_array().begin_object().key("request_range").raw(key_body(key)).end_object().end_array();
    out.end_object();
    return text;
}

std::string body_of(const Transaction& transaction) {
    std::string text;
    json::Writer out(text);
    out.begin_object().key("compare").begin_array();
    for (const auto& condition : transaction.conditions) {
        out.begin_object();
        bytes(out, "key", condition.key);
        out.field("target", "MOD").key("mod_revision").integer_text(condition.mod_revision).end_object();
    }
    out.end_array().key("success").begin_array();
    for (const auto& put : transaction.puts)
        out.begin_object().key("request_put").raw(put_body(put.key, put.value, 0)).end_object();
    for (const auto& key : transaction.removes)
        out.begin_object().key("request_delete_range").raw(key_body(key)).end_object();
    out.end_array().end_object();
    return text;
}

std::string page_body(const std::string& from, const std::string& end, int keys, std::int64_t revision) {
    std::string text;
    json::Writer out(text);
    out.begin_object();
    bytes(out, "key", from);
    bytes(out, "range_end", end);
    out.key("limit").integer_text(keys);
    if (revision != 0) out.key("revision").integer_text(revision);
    out.end_object();
    return text;
}

/// Of an answer to a range.
std::vector<KeyValue> key_values(const json::Value& body) {
    std::vector<KeyValue> out;
    const json::Value* list = body.find("kvs");
    if (!list) return out;
    for (const json::Value* item : list->items())
        out.push_back(gateway::key_value(*item));
    return out;
}

Status check_size(std::string_view key, std::string_view value) {
    if (value.size() <= limits::etcd_value_bytes_max) return {};
    return Error{Errc::too_large, "The value of " + std::string(key) + " has " + std::to_string(value.size()) +
                                      " bytes; etcd keeps at most " + std::to_string(limits::etcd_value_bytes_max) +
                                      "."};
}

bool is_trouble_of_one_server(const Error& error) {
    return error.code == Errc::unavailable || error.code == Errc::timeout;
}

}  // namespace

Client::Client(ClientOptions options) : options_(std::move(options)) {}

Result<Client::Answer> Client::call(std::string_view path, const std::string& body) {
    const std::size_t servers = options_.endpoints.size();
    if (servers == 0) return invalid("No etcd server is configured.", "etcd");
    const auto deadline = SteadyClock::now() + milliseconds(options_.deadline_ms);
    const std::size_t first = preferred_.load();
    Error last;
    for (std::size_t tries = 0;; ++tries) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now()).count();
        if (tries > 0 && left < kTryMsMin) return last;
        const std::size_t server = (first + tries) % servers;
        const int timeout_ms = std::min(options_.call_ms, std::max(kTryMsMin, static_cast<int>(left)));
        auto answer = gateway::post(options_.endpoints[server], path, body, timeout_ms);
        if (answer) {
            preferred_.store(server);
            return Answer{std::move(*answer), tries > 0};
        }
        if (!is_trouble_of_one_server(answer.error())) return std::move(answer).error();
        last = std::move(answer).error();
        if ((tries + 1) % servers == 0) std::this_thread::sleep_for(milliseconds(kRoundPauseMs));
    }
}

Result<std::optional<KeyValue>> Client::get(std::string_view key) {
    STOA_TRY(const Answer answer, call("kv/range", key_body(key)));
    std::vector<KeyValue> found = key_values(answer.body);
    if (found.empty()) return std::optional<KeyValue>();
    return std::optional<KeyValue>(std::move(found[0]));
}

Result<Listing> Client::get_prefix(std::string_view prefix) {
    Listing listing;
    std::string from(prefix);
    const std::string end = gateway::range_end(prefix);
    int keys = kPageKeys;
    while (true) {
        // All pages are of one revision, so that together they are what was there at one time.
        auto answer = call("kv/range", page_body(from, end, keys, listing.revision));
        if (!answer && answer.error().code == Errc::too_large && keys > 1) {
            keys = std::max(1, keys / 8);
            continue;
        }
        if (!answer) return std::move(answer).error();
        if (listing.revision == 0) listing.revision = gateway::revision(answer->body);
        std::vector<KeyValue> page = key_values(answer->body);
        const json::Value* more = answer->body.find("more");
        std::move(page.begin(), page.end(), std::back_inserter(listing.items));
        if (page.empty() || !more || !more->as_bool().value_or(false)) return listing;
        from = listing.items.back().key + '\0';
    }
}

Result<std::int64_t> Client::put(std::string_view key, std::string_view value, LeaseId lease) {
    STOA_CHECK(check_size(key, value));
    STOA_TRY(const Answer answer, call("kv/put", put_body(key, value, lease)));
    return gateway::revision(answer.body);
}

Result<bool> Client::remove(std::string_view key) {
    STOA_TRY(const Answer answer, call("kv/deleterange", key_body(key)));
    return answer.repeated || gateway::number(answer.body, "deleted") > 0;
}

Result<Outcome> Client::create_if_absent(std::string_view key, std::string_view value, LeaseId lease) {
    return put_if_unchanged(key, value, 0, lease);
}

Result<Outcome> Client::put_if_unchanged(std::string_view key, std::string_view value, std::int64_t mod_revision,
                                         LeaseId lease) {
    STOA_CHECK(check_size(key, value));
    const auto is_ours = [&](const std::optional<KeyValue>& current) {
        return current && current->value == value && current->lease == lease;
    };
    return conditional(transaction_body(key, mod_revision, "request_put", put_body(key, value, lease)), is_ours);
}

Result<Outcome> Client::put_if_unchanged_while(std::string_view key, std::string_view value, std::int64_t mod_revision,
                                               std::string_view held_key, std::int64_t held_create_revision) {
    STOA_CHECK(check_size(key, value));
    const auto is_ours = [&](const std::optional<KeyValue>& current) { return current && current->value == value; };
    const Held held{held_key, held_create_revision};
    return conditional(transaction_body(key, mod_revision, "request_put", put_body(key, value, 0), &held), is_ours);
}

Result<Outcome> Client::remove_if_unchanged(std::string_view key, std::int64_t mod_revision) {
    STOA_TRY(Outcome outcome,
             conditional(transaction_body(key, mod_revision, "request_delete_range", key_body(key)), nullptr));
    outcome.done = outcome.done || !outcome.current;
    return outcome;
}

Result<Outcome> Client::carry_out(const Transaction& transaction) {
    for (const auto& put : transaction.puts)
        STOA_CHECK(check_size(put.key, put.value));
    STOA_TRY(const Answer answer, call("kv/txn", body_of(transaction)));
    Outcome outcome;
    outcome.revision = gateway::revision(answer.body);
    const json::Value* succeeded = answer.body.find("succeeded");  // absent when false
    outcome.done = succeeded && succeeded->as_bool().value_or(false);
    if (!outcome.done && answer.repeated) return Error{Errc::timeout, "The answer of etcd to an earlier try was lost."};
    return outcome;
}

Result<Outcome> Client::conditional(const std::string& body,
                                    const std::function<bool(const std::optional<KeyValue>&)>& is_ours) {
    STOA_TRY(const Answer answer, call("kv/txn", body));
    Outcome outcome;
    outcome.revision = gateway::revision(answer.body);
    const json::Value* succeeded = answer.body.find("succeeded");  // absent when false
    outcome.done = succeeded && succeeded->as_bool().value_or(false);
    if (outcome.done) return outcome;
    if (const json::Value* responses = answer.body.find("responses")) {
        for (const json::Value* response : responses->items()) {
            const json::Value* range = response->find("response_range");
            std::vector<KeyValue> found = range ? key_values(*range) : std::vector<KeyValue>();
            if (!found.empty()) outcome.current = std::move(found[0]);
        }
    }
    // An earlier try whose answer was lost has done it.
    if (answer.repeated && is_ours && is_ours(outcome.current)) {
        outcome.done = true;
        outcome.revision = outcome.current->mod_revision;
    }
    return outcome;
}

Result<LeaseId> Client::grant_lease(int ttl_s) {
    std::string body;
    json::Writer(body).begin_object().key("TTL").integer_text(ttl_s).end_object();
    STOA_TRY(const Answer answer, call("lease/grant", body));
    const LeaseId lease = gateway::number(answer.body, "ID");
    if (lease == 0) return internal_error("etcd gave no lease.");
    return lease;
}

Result<int> Client::keep_alive(LeaseId lease) {
    STOA_TRY(const Answer answer, call("lease/keepalive", lease_body(lease)));
    const json::Value* result = answer.body.find("result");
    const auto ttl_s = result ? gateway::number(*result, "TTL") : 0;
    if (ttl_s <= 0) return not_found("The lease has expired.");
    return static_cast<int>(ttl_s);
}

Status Client::revoke(LeaseId lease) {
    const auto answer = call("lease/revoke", lease_body(lease));
    if (!answer && answer.error().code != Errc::not_found) return answer.error();
    return {};
}

Result<ServerStatus> Client::status() {
    STOA_TRY(const Answer answer, call("maintenance/status", "{}"));
    ServerStatus status;
    if (const json::Value* version = answer.body.find("version")) status.version = version->as_text().value_or("");
    if (const json::Value* header = answer.body.find("header")) status.member = gateway::id(*header, "member_id");
    status.leader = gateway::id(answer.body, "leader");
    status.revision = gateway::revision(answer.body);
    status.database_bytes = gateway::number(answer.body, "dbSize");
    return status;
}

Status Client::compact(std::int64_t revision) {
    std::string body;
    json::Writer(body).begin_object().key("revision").integer_text(revision).end_object();
    const auto answer = call("kv/compaction", body);
    if (!answer) return answer.error();
    return {};
}

}  // namespace stoa::cluster::etcd
