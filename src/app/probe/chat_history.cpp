#include "app/probe/chat_history.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace stoa::app::probe {
namespace {

/// Where a message stands: whose it is, and which of his.
struct Place {
    std::size_t author = 0, number = 0;
    auto operator<=>(const Place&) const = default;
};

class Places {
  public:
    explicit Places(const ChatHistory& history) {
        for (std::size_t author = 0; author < history.sent.size(); ++author) {
            for (std::size_t i = 0; i < history.sent[author].size(); ++i)
                places_.emplace(history.sent[author][i].client_id, Place{author, i});
        }
    }
    std::optional<Place> of(const std::string& client_id) const {
        const auto found = places_.find(client_id);
        return found == places_.end() ? std::nullopt : std::optional(found->second);
    }

  private:
    std::unordered_map<std::string, Place> places_;
};

/// Whether each author's messages come one after the other.
class Order {
  public:
    /// False: a later one of that author came before.
    bool take(const Place& place) {
        std::optional<std::size_t>& last = last_[place.author];
        if (last && place.number < *last) return false;
        last = place.number;
        return true;
    }

  private:
    std::array<std::optional<std::size_t>, 2> last_;
};

std::string named(const ChatHistory& history, const std::string& client_id) {
    return history.name + ": " + client_id;
}
std::string reader_of(std::size_t reader) {
    return reader == 0 ? "the first" : "the second";
}

/// Gives how often each message is stored.
std::map<Place, int> compare_stored(const ChatHistory& history, const Places& places, Verdict& verdict) {
    std::map<Place, int> copies;
    std::set<std::pair<Place, RecordId>> there;
    Order order;
    for (const StoredMessage& message : history.stored) {
        const auto place = places.of(message.client_id);
        if (!place) {
            ++verdict.never_written;
            verdict.lose(named(history, message.client_id) + " (id " + std::to_string(message.id) +
                         ") is stored and was never sent");
            continue;
        }
        there.emplace(*place, message.id);
        if (++copies[*place] > 1) {
            verdict.repeat(named(history, message.client_id) + " is stored " + std::to_string(copies[*place]) +
                           " times");
        } else if (!order.take(*place)) {
            verdict.swap(named(history, message.client_id) + " is stored behind a later message of its author");
        }
    }
    for (std::size_t author = 0; author < history.sent.size(); ++author) {
        for (std::size_t i = 0; i < history.sent[author].size(); ++i) {
            const SentMessage& sent = history.sent[author][i];
            if (sent.id == 0 || there.contains({{author, i}, sent.id})) continue;
            verdict.lose(named(history, sent.client_id) + " (id " + std::to_string(sent.id) +
                         ") was acknowledged and is not there");
        }
    }
    return copies;
}

/// What one of them knows, life by life.
class Reader {
  public:
    Reader(const ChatHistory& history, std::size_t reader, const Places& places, Verdict& verdict)
        : history_(history), reader_(reader), places_(places), verdict_(verdict) {}

    void live(const HeardLife& life) {
        for (const HeardMessage& message : life.read) {
            if (const auto place = place_of(message)) learn(*place, message, "read");
        }
        std::set<Place> heard;
        for (const HeardMessage& message : life.heard) {
            const auto place = place_of(message);
            if (!place) continue;
            if (!heard.insert(*place).second) {
                verdict_.repeat(named(history_, message.client_id) + " was heard twice by " + reader_of(reader_));
            } else {
                learn(*place, message, "heard");
            }
        }
    }

    /// What is stored must be known, and nothing else.
    void compare_with(const std::map<Place, int>& stored) {
        for (const auto& [place, copies] : stored) {
            if (known_.contains(place)) continue;
            verdict_.lose(named(history_, id_of(place)) + " was never heard by " + reader_of(reader_));
        }
        for (const Place& place : known_) {
            if (stored.contains(place)) continue;
            ++verdict_.never_written;
            verdict_.lose(named(history_, id_of(place)) + " was heard by " + reader_of(reader_) + " and is not stored");
        }
    }

  private:
    std::optional<Place> place_of(const HeardMessage& message) {
        const auto place = places_.of(message.client_id);
        if (!place) {
            ++verdict_.never_written;
            verdict_.lose(named(history_, message.client_id) + " was heard by " + reader_of(reader_) +
                          " and never sent");
        }
        return place;
    }
    const std::string& id_of(const Place& place) const { return history_.sent[place.author][place.number].client_id; }

    void learn(const Place& place, const HeardMessage& message, const char* how) {
        if (!known_.insert(place).second) return;
        if (order_.take(place)) return;
        verdict_.swap(named(history_, message.client_id) + " was " + how + " by " + reader_of(reader_) +
                      " behind a later message of its author");
    }

    const ChatHistory& history_;
    const std::size_t reader_;
    const Places& places_;
    Verdict& verdict_;
    std::set<Place> known_;
    Order order_;
};

/// When a reader got to know each message first, one way or the other.
std::unordered_map<std::string, std::int64_t> known_at(const std::vector<HeardLife>& lives) {
    std::unordered_map<std::string, std::int64_t> known;
    for (const HeardLife& life : lives) {
        for (const auto* list : {&life.read, &life.heard}) {
            for (const HeardMessage& message : *list) {
                const auto [at, is_new] = known.emplace(message.client_id, message.at_us);
                if (!is_new) at->second = std::min(at->second, message.at_us);
            }
        }
    }
    return known;
}

}  // namespace

void compare(const ChatHistory& history, Verdict& verdict) {
    const Places places(history);
    const std::map<Place, int> stored = compare_stored(history, places, verdict);
    for (std::size_t i = 0; i < history.lives.size(); ++i) {
        Reader reader(history, i, places, verdict);
        for (const HeardLife& life : history.lives[i])
            reader.live(life);
        reader.compare_with(stored);
    }
}

std::vector<Span> late_spans(const ChatHistory& history, std::size_t reader, std::int64_t late_us) {
    const auto known = known_at(history.lives[reader]);
    std::vector<Span> spans;
    for (const auto& messages : history.sent) {
        for (const SentMessage& message : messages) {
            const auto at = known.find(message.client_id);
            if (message.id == 0 || at == known.end()) continue;
            const std::int64_t due_us = message.acknowledged_us + late_us;
            if (at->second > due_us) spans.push_back({due_us, at->second});
        }
    }
    return spans;
}

std::vector<std::uint32_t> ways_us(const ChatHistory& history, const Span& sent) {
    std::vector<std::uint32_t> ways;
    for (std::size_t author = 0; author < history.sent.size(); ++author) {
        const auto known = known_at(history.lives[1 - author]);
        for (const SentMessage& message : history.sent[author]) {
            const auto at = known.find(message.client_id);
            if (at == known.end() || message.sent_us < sent.begin_us || message.sent_us >= sent.end_us) continue;
            ways.push_back(static_cast<std::uint32_t>(
                std::clamp<std::int64_t>(at->second - message.sent_us, 0, std::numeric_limits<std::uint32_t>::max())));
        }
    }
    return ways;
}

std::int64_t resumed_us(std::int64_t broken_us, std::int64_t until_us, std::vector<Span> spans, std::int64_t calm_us) {
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin_us < b.begin_us; });
    std::int64_t end_us = broken_us;
    for (const Span& span : spans) {
        if (span.end_us <= broken_us) continue;
        if (span.begin_us >= until_us || span.begin_us > end_us + calm_us) break;
        end_us = std::max(end_us, span.end_us);
    }
    return end_us;
}

}  // namespace stoa::app::probe
