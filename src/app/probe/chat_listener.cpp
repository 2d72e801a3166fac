#include "app/probe/chat_listener.hpp"

#include <algorithm>
#include <cstring>

#include "app/probe/answers.hpp"
#include "app/probe/chat_pages.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/random.hpp"
#include "json/parse.hpp"

namespace stoa::app::probe {
namespace {

// As ui/src/realtime has them.
constexpr int kBackoffLeastMs = 200, kBackoffFirstMs = 1'000, kBackoffMostMs = 30'000;
constexpr int kSilenceMs = 22'000, kOpeningMs = 10'000;
constexpr int kChannelsOver[] = {3000, 3001, 3003, 4010};

constexpr int kReadAgainMs = 200;
constexpr int kSwitchingProtocols = 101;
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kProblemsMax = 10;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

/// At random over a range that doubles, so that not all come back at once.
int backoff_ms(int failures) {
    const int range_ms = std::min(kBackoffMostMs, kBackoffFirstMs << std::min(failures, 4));
    std::uint32_t random = 0;
    std::memcpy(&random, random_bytes(sizeof random).data(), sizeof random);
    return kBackoffLeastMs +
           static_cast<int>(std::int64_t{range_ms - kBackoffLeastMs} * random / (std::int64_t{1} << 32));
}

std::vector<net::Header> upgrade_headers() {
    return {{"Connection", "Upgrade"},
            {"Upgrade", "websocket"},
            {"Sec-WebSocket-Version", "13"},
            {"Sec-WebSocket-Key", base64_encode(random_bytes(kKeyBytes))}};
}

}  // namespace

ChatListener::ChatListener(const Target& target, Asker::Job job, const CallerOptions& options, Measures& measures,
                           std::int64_t peer, RecordId behind)
    : target_(target),
      peer_(peer),
      listening_(target, options, job, measures),
      reading_(target, options, std::move(job), measures),
      newest_(behind),
      certain_(behind) {
    heard_.lives.emplace_back();
}

ChatListener::~ChatListener() {
    stop();
}

void ChatListener::start() {
    {
        const MutexLock lock(mutex_);
        away_since_us_ = now_us();
    }
    const auto run = [this](void (ChatListener::*loop)()) {
        if (enter_network(target_.network)) (this->*loop)();
    };
    listener_ = std::thread([run] { run(&ChatListener::listen_loop); });
    reader_ = std::thread([run] { run(&ChatListener::read_loop); });
}

void ChatListener::stop() {
    {
        const MutexLock lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
    }
    cancel_.cancel();
    for (std::thread* thread : {&listener_, &reader_}) {
        if (thread->joinable()) thread->join();
    }
}

bool ChatListener::is_live() const {
    const MutexLock lock(mutex_);
    return away_since_us_ == 0;
}

RecordId ChatListener::newest() const {
    const MutexLock lock(mutex_);
    return newest_;
}

ChatListener::Heard ChatListener::take_heard() {
    const MutexLock lock(mutex_);
    return std::move(heard_);
}

void ChatListener::listen_loop() {
    while (true) {
        if (!address_.empty() || look_up_channels()) {
            const int code = listen();
            if (std::find(std::begin(kChannelsOver), std::end(kChannelsOver), code) != std::end(kChannelsOver))
                address_.clear();
            lost();
        }
        int failures = 0;
        {
            const MutexLock lock(mutex_);
            failures = failures_++;
        }
        if (!wait_ms(backoff_ms(failures))) return;
    }
}

bool ChatListener::look_up_channels() {
    return listening_.read("pull.config.get", "{}", [this](const json::Value& body) -> std::string {
        const json::Value* const result = body.find("result");
        const json::Value* const server = result ? result->find("server") : nullptr;
        const json::Value* const channels = result ? result->find("channels") : nullptr;
        std::string ids;
        for (const char* kind : {"private", "shared"}) {
            const json::Value* const channel = channels ? channels->find(kind) : nullptr;
            if (channel) ids += (ids.empty() ? "" : "/") + text_of(*channel, "id");
        }
        const std::string url = server ? text_of(*server, "websocket_secure") : std::string();
        if (ids.empty() || url.empty()) return "there are no channels in it";
        address_ = address_on(target_, url) + "?jsonRpc=true&revision=19&CHANNEL_ID=" + ids;
        return {};
    });
}

/// A handshake is a request, and what comes behind its answer is its body: bytes of frames, until the end.
int ChatListener::listen() {
    net::ClientRequest request;
    request.url = address_;
    {
        const MutexLock lock(mutex_);
        if (stopped_) return 0;
        if (!place_.position().empty()) request.url += "&mid=" + place_.position();
    }
    request.headers = upgrade_headers();
    request.timeout_ms = 0;
    request.stall_ms = kSilenceMs;
    request.connect_timeout_ms = kOpeningMs;
    request.allow_private_targets = true;
    request.ca_file = target_.ca_file;
    request.cancel = &cancel_;
    ServerFrames frames;
    request.on_body = [&](std::string_view bytes) {
        const bool sound = frames.feed(bytes);
        for (const std::string& text : frames.take_texts())
            hear(text);
        return sound && frames.close_code() == 0;
    };
    const auto answer = net::fetch(request);
    const bool refused = answer && answer->status != kSwitchingProtocols;
    return refused ? 0 : frames.close_code();
}

void ChatListener::hear(std::string_view text) {
    const auto parsed = json::parse(text);  // "ping" is none
    if (!parsed) return;
    const std::vector<const json::Value*> several = parsed->items();
    const MutexLock lock(mutex_);
    if (!parsed->is_array()) return take(*parsed);
    for (const json::Value* one : several)
        take(*one);
}

void ChatListener::take(const json::Value& message) {
    const json::Value* const params = message.find("params");
    const json::Value* const body = params ? params->find("body") : nullptr;
    const json::Value* const inner = body ? body->find("params") : nullptr;
    if (text_of(message, "method") != "incoming.message" || !inner) return;
    const std::string mid = text_of(*params, "mid");
    const bool from_server = params->find("sender") == nullptr;
    const std::string what = text_of(*body, "module_id") + "." + text_of(*body, "command");
    if (from_server && what == "pull.stream_state") {
        const json::Value* const recovered = inner->find("recovered");
        return take_state(mid, recovered && recovered->as_bool().value_or(false));
    }
    // While the bus is away: the client stands where it stood.
    if (from_server && what == "pull.stream_pause" && mid == place_.position()) return;
    std::string problem = place_.heard(mid);
    if (!problem.empty() && heard_.problems.size() < kProblemsMax) heard_.problems.push_back(std::move(problem));
    const json::Value* const said = inner->find("message");
    if (!from_server || what != "im.message" || !said || number_of(*inner, "dialogId") != peer_) return;
    heard_.lives.back().heard.push_back({number_of(*said, "id"), text_of(*said, "templateId"), now_us()});
    newest_ = std::max(newest_, number_of(*said, "id"));
}

void ChatListener::take_state(std::string_view mid, bool recovered) {
    const bool is_first = place_.position().empty();
    place_.stands(mid);
    failures_ = 0;
    connected_ = true;
    if (!recovered && !is_first) {
        if (!reload_) certain_ = newest_;
        reload_ = true;
        ++reloads_asked_;
        heard_.lives.emplace_back();
        heard_.reloads.push_back(now_us());
        if (away_since_us_ == 0) away_since_us_ = now_us();
        changed_.notify_all();
    }
    settle();
}

void ChatListener::settle() {
    if (!connected_ || reload_ || away_since_us_ == 0) return;
    heard_.away.push_back({away_since_us_, now_us()});
    away_since_us_ = 0;
}

void ChatListener::lost() {
    const MutexLock lock(mutex_);
    if (stopped_) return;
    if (connected_) heard_.losses.push_back(now_us());
    connected_ = false;
    if (away_since_us_ == 0) away_since_us_ = now_us();
}

void ChatListener::read_loop() {
    while (true) {
        RecordId behind = 0;
        int asked = 0;
        std::size_t life = 0;
        {
            const MutexLock lock(mutex_);
            while (!reload_ && !stopped_)
                changed_.wait(mutex_);
            if (!reload_) return;
            behind = certain_;
            asked = reloads_asked_;
            life = heard_.lives.size() - 1;
        }
        const auto messages = read_dialog(reading_, peer_, behind);
        if (!messages) {
            if (!wait_ms(kReadAgainMs)) return;
            continue;
        }
        const MutexLock lock(mutex_);
        std::vector<HeardMessage>& read = heard_.lives[life].read;
        for (const StoredMessage& message : *messages) {
            read.push_back({message.id, message.client_id, now_us()});
            newest_ = std::max(newest_, message.id);
        }
        if (asked != reloads_asked_) continue;  // more is missing since then
        reload_ = false;
        settle();
    }
}

/// False: it is to stop.
bool ChatListener::wait_ms(int ms) {
    const std::int64_t end_us = now_us() + std::int64_t{ms} * 1'000;
    const MutexLock lock(mutex_);
    while (!stopped_ && now_us() < end_us)
        changed_.wait_us(mutex_, end_us - now_us());
    return !stopped_;
}

}  // namespace stoa::app::probe
