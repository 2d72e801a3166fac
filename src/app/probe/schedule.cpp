#include "app/probe/schedule.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace stoa::app::probe {
namespace {

constexpr int kQuietEndMs = 20'000;

/// splitmix64: the same numbers on every machine, which the distributions of the standard library do not promise.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    /// From `low` to `high`, both included.
    int roll(int low, int high) {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        z ^= z >> 31;
        return low + static_cast<int>(z % static_cast<std::uint64_t>(high - low + 1));
    }

  private:
    std::uint64_t state_;
};

struct Layer {
    std::string_view role;
    int pause_low_ms, pause_high_ms;  ///< from the end of one blow to the next
    bool has_leader;
    std::span<const Harm> harms;
};

constexpr std::array kWebHarms{Harm::kill_service, Harm::stop_service, Harm::cut_host,
                               Harm::deafen_host,  Harm::mute_host,    Harm::slow_link,
                               Harm::kill_agent,   Harm::clock_ahead,  Harm::clock_behind};
constexpr std::array kBalancerHarms{Harm::kill_service, Harm::stop_service, Harm::kill_agent, Harm::slow_link};
constexpr std::array kDatabaseHarms{Harm::kill_service, Harm::stop_service,  Harm::cut_host,  Harm::deafen_host,
                                    Harm::mute_host,    Harm::slow_link,     Harm::fill_disk, Harm::stall_disk,
                                    Harm::slow_disk,    Harm::kill_agent,    Harm::kill_host, Harm::clock_ahead,
                                    Harm::clock_behind, Harm::switch_primary};
constexpr std::array kRedisHarms{Harm::kill_service, Harm::stop_service, Harm::deafen_host, Harm::mute_host};
constexpr std::array kEtcdHarms{Harm::kill_service, Harm::stop_service, Harm::cut_host,
                                Harm::deafen_host,  Harm::mute_host,    Harm::slow_link};
constexpr std::array kFilesHarms{Harm::kill_service};

constexpr Layer kLayers[] = {
    {"web", 4'000, 15'000, false, kWebHarms},     {"lb", 10'000, 30'000, true, kBalancerHarms},
    {"db", 15'000, 40'000, true, kDatabaseHarms}, {"redis", 15'000, 40'000, true, kRedisHarms},
    {"etcd", 20'000, 50'000, false, kEtcdHarms},  {"files", 30'000, 60'000, false, kFilesHarms},
};

}  // namespace

std::string_view to_string(Harm harm) {
    static constexpr std::array<std::string_view, 14> kNames = {
        "kill_service", "stop_service", "kill_agent", "kill_host", "cut_host",    "deafen_host",  "mute_host",
        "slow_link",    "fill_disk",    "stall_disk", "slow_disk", "clock_ahead", "clock_behind", "switch_primary"};
    return kNames[static_cast<std::size_t>(harm)];
}

std::vector<Blow> make_schedule(std::uint64_t seed, int length_ms) {
    std::vector<Blow> blows;
    std::uint64_t stream = 0;
    for (const Layer& layer : kLayers) {
        Dice dice(seed * 1'000'003 + ++stream);  // of its own: a change of one layer leaves the others as they were
        for (int at_ms = dice.roll(1'000, layer.pause_high_ms); at_ms < length_ms - kQuietEndMs;) {
            Blow blow;
            blow.at_ms = at_ms;
            blow.layer = layer.role;
            blow.harm = layer.harms[static_cast<std::size_t>(dice.roll(0, static_cast<int>(layer.harms.size()) - 1))];
            blow.victim = dice.roll(0, 99);
            blow.leader = layer.has_leader && dice.roll(0, 1) == 1;
            blow.for_ms = dice.roll(500, 6'000);
            at_ms += blow.for_ms + dice.roll(layer.pause_low_ms, layer.pause_high_ms);
            blows.push_back(std::move(blow));
        }
    }
    std::stable_sort(blows.begin(), blows.end(), [](const Blow& a, const Blow& b) { return a.at_ms < b.at_ms; });
    return blows;
}

}  // namespace stoa::app::probe
