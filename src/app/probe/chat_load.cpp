#include "app/probe/chat_load.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/probe/chat_pages.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/random.hpp"

namespace stoa::app::probe {
namespace {

constexpr int kConnectMs = 30'000;
constexpr int kLookAgainMs = 50;
constexpr std::int64_t kBehindUs = 1'000'000;  ///< what was acknowledged so long ago must have been heard
constexpr int kTries = 20, kTryAgainMs = 500;  ///< to read what is stored, when all is over
constexpr std::size_t kProblemsMax = 10;

void pause(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}
std::int64_t now_us() {
    return system_clock().monotonic_us();
}

}  // namespace

ChatLoad::ChatLoad(Target target, const ChatOptions& options)
    : target_(std::move(target)), options_(options), run_("chat-" + to_hex(random_bytes(6))) {}

ChatLoad::~ChatLoad() {
    stop();
}

Result<std::unique_ptr<ChatLoad>> ChatLoad::start(const Target& target, const std::string& admin_link,
                                                  const ChatOptions& options) {
    std::unique_ptr<ChatLoad> load(new ChatLoad(target, options));
    STOA_CHECK(run_in_network(target.network, [&] { return load->gather(admin_link); }));
    const int people = 2 * options.pairs;
    int number = 0;
    for (Pair& pair : load->pairs_) {
        for (std::size_t side = 0; side < 2; ++side)
            load->begin(pair.sides[side], pair.sides[1 - side].person.user, options.pause_ms * number++ / people);
    }
    for (Pair& pair : load->pairs_) {
        for (Side& side : pair.sides)
            side.listener->start();
    }
    if (!load->wait_until_calm(kConnectMs)) {
        return Error{Errc::timeout, std::to_string(load->behind()) + " of " + std::to_string(people) +
                                        " people get no connection to the push server."};
    }
    load->begin_us_ = now_us();
    for (Pair& pair : load->pairs_) {
        for (Side& side : pair.sides)
            side.sender->start();
    }
    return load;
}

/// Who they are, and where their dialogs stand.
Status ChatLoad::gather(const std::string& admin_link) {
    STOA_TRY(const std::vector<Person> people, chat_people(target_, admin_link, 2 * options_.pairs));
    const auto way = [&](std::size_t number) {
        return options_.ways.empty() ? &target_ : &options_.ways[number % options_.ways.size()];
    };
    for (std::size_t i = 0; i + 1 < people.size(); i += 2) {
        Pair& pair = pairs_.emplace_back();
        for (std::size_t side = 0; side < 2; ++side) {
            const Person& person = people[i + side];
            Asker::Job job{run_, person.login.cookie, static_cast<int>(i + side), 0, person.login.csrf};
            pair.sides[side] = {.person = person, .way = way(i / 2 + side), .job = std::move(job)};
        }
        Asker asker(target_, options_.caller, pair.sides[0].job, measures_);
        const auto newest = newest_message(asker, pair.sides[1].person.user);
        if (!newest) return Error{Errc::unavailable, "The dialog of two users cannot be read."};
        pair.sides[0].beginning = pair.sides[1].beginning = *newest;
    }
    return {};
}

void ChatLoad::begin(Side& side, std::int64_t peer, int begin_ms) {
    side.listener =
        std::make_unique<ChatListener>(*side.way, side.job, options_.caller, measures_, peer, side.beginning);
    side.job.pause_ms = options_.pause_ms;
    side.sender = std::make_unique<ChatSender>(*side.way, side.job, options_.caller, measures_, peer, begin_ms);
}

int ChatLoad::behind() const {
    const std::int64_t known_by_now_us = now_us() - kBehindUs;
    int behind = 0;
    for (const Pair& pair : pairs_) {
        RecordId newest = 0;
        for (const Side& side : pair.sides)
            newest = std::max(newest, side.sender->acknowledged_before(known_by_now_us));
        for (const Side& side : pair.sides) {
            if (!side.listener->is_live() || side.listener->newest() < newest) ++behind;
        }
    }
    return behind;
}

bool ChatLoad::wait_until_calm(int timeout_ms) const {
    const std::int64_t end_us = now_us() + std::int64_t{timeout_ms} * 1'000;
    while (behind() > 0) {
        if (now_us() > end_us) return false;
        pause(kLookAgainMs);
    }
    return true;
}

/// All at once: a message may take a while.
void ChatLoad::stop_writing() {
    for (Pair& pair : pairs_) {
        for (Side& side : pair.sides) {
            if (side.sender) side.sender->end();
        }
    }
    for (Pair& pair : pairs_) {
        for (Side& side : pair.sides) {
            if (side.sender) side.sender->stop();
        }
    }
}

void ChatLoad::stop() {
    stop_writing();
    for (Pair& pair : pairs_) {
        for (Side& side : pair.sides) {
            if (side.listener) side.listener->stop();
        }
    }
}

Result<ChatReport> ChatLoad::finish(const std::vector<Span>& stretches) {
    stop_writing();
    (void)wait_until_calm(kConnectMs);  // who is behind even then, lacks something: the comparison tells
    pause(static_cast<int>(kBehindUs / 1'000));
    ChatReport report;
    report.seconds = static_cast<double>(now_us() - begin_us_) / 1e6;
    stop();
    report.people = static_cast<int>(2 * pairs_.size());
    std::vector<ChatHistory> histories;
    std::vector<ChatEar> ears;
    STOA_CHECK(run_in_network(target_.network, [&]() -> Status {
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            std::vector<ChatListener::Heard> heard;
            STOA_TRY(ChatHistory history, history_of(pairs_[i], static_cast<int>(i), heard));
            histories.push_back(std::move(history));
            for (ChatListener::Heard& one : heard) {
                ears.push_back({std::move(one.away), std::move(one.reloads), std::move(one.losses)});
                for (std::string& problem : one.problems) {
                    if (report.problems.size() < kProblemsMax) report.problems.push_back(std::move(problem));
                }
            }
        }
        return {};
    }));
    report.summary = measures_.summary();
    for (const ChatHistory& history : histories) {
        compare(history, report.verdict);
        for (const auto& sent : history.sent)
            report.messages += static_cast<std::size_t>(
                std::count_if(sent.begin(), sent.end(), [](const SentMessage& message) { return message.id > 0; }));
        for (const auto& lives : history.lives) {
            for (const HeardLife& life : lives)
                report.heard += life.heard.size();
        }
    }
    for (const Span& stretch : stretches)
        report.stretches.push_back(measure(stretch, histories, ears));
    return report;
}

Result<ChatHistory> ChatLoad::history_of(Pair& pair, int number, std::vector<ChatListener::Heard>& heard) {
    ChatHistory history;
    history.name = "pair " + std::to_string(number + 1);
    Asker asker(target_, options_.caller, pair.sides[0].job, measures_);
    auto stored = read_dialog(asker, pair.sides[1].person.user, pair.sides[0].beginning);
    for (int i = 1; !stored && i < kTries; ++i) {
        pause(kTryAgainMs);
        stored = read_dialog(asker, pair.sides[1].person.user, pair.sides[0].beginning);
    }
    if (!stored) return Error{Errc::unavailable, "What was written cannot be read back: the portal does not answer."};
    history.stored = std::move(*stored);
    for (std::size_t side = 0; side < 2; ++side) {
        history.sent[side] = pair.sides[side].sender->sent();
        heard.push_back(pair.sides[side].listener->take_heard());
        history.lives[side] = std::move(heard.back().lives);
    }
    return history;
}

}  // namespace stoa::app::probe
