#include "cluster/etcd/order.hpp"

#include <chrono>
#include <optional>
#include <thread>

#include "base/clock.hpp"
#include "json/parse.hpp"

namespace stoa::cluster::etcd {
namespace {

constexpr int kLookMs = 20;

struct Written {
    std::string id, answer;
};
std::optional<Written> read(const std::string& text) {
    const auto value = json::parse(text);
    const auto field = [&](std::string_view name) {
        const json::Value* found = value->find(name);
        return found ? found->as_text().value_or("") : std::string();
    };
    if (!value) return std::nullopt;
    return Written{field("id"), field("answer")};
}

}  // namespace

Result<std::string> give_order(Client& etcd, const Order& order) {
    STOA_TRY(const auto before, etcd.get(order.key));
    if (before) {
        const auto other = read(before->value);
        if (other && other->answer.empty()) {
            return Error{Errc::conflict,
                         "Another command is under way. Remove the key " + order.key + " if nobody will carry it out."};
        }
    }
    STOA_TRY(const auto outcome, etcd.put_if_unchanged(order.key, order.json, before ? before->mod_revision : 0));
    if (!outcome.done) return Error{Errc::conflict, "Another command came at the same time."};
    const auto deadline_us = system_clock().monotonic_us() + order.timeout_ms * 1'000LL;
    while (system_clock().monotonic_us() < deadline_us) {
        std::this_thread::sleep_for(std::chrono::milliseconds(kLookMs));
        const auto now = etcd.get(order.key);
        if (!now || !*now) continue;
        const auto written = read((*now)->value);
        if (!written || written->id != order.id || written->answer.empty()) continue;
        if (written->answer.starts_with("refused") || written->answer.starts_with("failed"))
            return Error{Errc::conflict, written->answer};
        return written->answer;
    }
    (void)etcd.remove_if_unchanged(order.key, outcome.revision);
    return Error{Errc::timeout, "Nobody carried the command out in time; it is withdrawn."};
}

}  // namespace stoa::cluster::etcd
