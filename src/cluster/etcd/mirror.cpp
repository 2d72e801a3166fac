#include "cluster/etcd/mirror.hpp"

#include <chrono>
#include <functional>
#include <utility>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "cluster/etcd/gateway.hpp"
#include "json/writer.hpp"
#include "net/http_client.hpp"

namespace stoa::cluster::etcd {
namespace {

using std::chrono::steady_clock;

constexpr int kProbeMs = 500;
constexpr int kRetryMs = 100;
constexpr std::int64_t kSilentUs = 3'000'000;
constexpr std::size_t kLineBytesMax = 64 * 1024 * 1024;

/// Each try of a listing is short, so that stop() is.
ClientOptions impatient(ClientOptions options) {
    options.deadline_ms = options.call_ms;
    return options;
}

std::string watch_body(std::string_view prefix, std::int64_t revision) {
    std::string text;
    json::Writer out(text);
    out.begin_object().key("create_request").begin_object();
    out.key("key").raw_text(base64_encode(prefix));
    out.key("range_end").raw_text(base64_encode(gateway::range_end(prefix)));
    out.key("start_revision").integer_text(revision).end_object().end_object();
    return text;
}

/// Asks for something that the server can only say together with a majority of the others.
std::string probe_body(std::string_view prefix) {
    std::string text;
    json::Writer out(text);
    out.begin_object().key("key").raw_text(base64_encode(prefix)).field("count_only", true).end_object();
    return text;
}

}  // namespace

struct Mirror::Stream {
    std::string server;
    std::int64_t from = 0;  ///< revision of the first event asked for
    net::Cancel cancel{};
    std::atomic<bool> open{false};
    // Of the thread that reads it:
    std::string rest{};  ///< an unfinished line
    Ended ended = Ended::broken;
};

Mirror::Mirror(ClientOptions options, std::string prefix, OnChange on_change)
    : options_(std::move(options)),
      prefix_(std::move(prefix)),
      on_change_(std::move(on_change)),
      client_(impatient(options_)) {}

Mirror::~Mirror() {
    stop();
}

void Mirror::start() {
    follower_ = std::thread([this] { follow(); });
    prober_ = std::thread([this] { probe(); });
}

void Mirror::stop() {
    {
        const MutexLock lock(mutex_);
        stopping_.store(true);
        if (stream_) stream_->cancel.cancel();
        wake_.notify_all();
    }
    if (follower_.joinable()) follower_.join();
    if (prober_.joinable()) prober_.join();
}

std::shared_ptr<const Mirror::Snapshot> Mirror::snapshot() const {
    const MutexLock lock(mutex_);
    if (!shared_) shared_ = std::make_shared<const Snapshot>(current_);
    return shared_;
}

void Mirror::follow() {
    std::int64_t next = 0;
    while (!stopping_.load()) {
        if (next == 0 && !list()) {
            pause(kRetryMs);
            continue;
        }
        const Ended ended = read_stream();
        set_fresh(false, nullptr);
        const MutexLock lock(mutex_);
        if (ended == Ended::gap) next_revision_ = 0;
        next = next_revision_;
    }
}

Status Mirror::list() {
    STOA_TRY(Listing listing, client_.get_prefix(prefix_));
    {
        const MutexLock lock(mutex_);
        current_.values.clear();
        for (KeyValue& item : listing.items)
            current_.values[std::move(item.key)] = std::move(item.value);
        current_.revision = listing.revision;
        next_revision_ = listing.revision + 1;
        shared_.reset();
    }
    if (on_change_) on_change_();
    return {};
}

Mirror::Ended Mirror::read_stream() {
    const auto stream = std::make_shared<Stream>();
    {
        const MutexLock lock(mutex_);
        if (stopping_.load()) return Ended::broken;
        stream->server = next_server();
        stream->from = next_revision_;
        stream_ = stream;
    }
    net::ClientRequest request;
    request.method = "POST";
    request.url = stream->server + "/v3/watch";
    // It then ends the stream itself when it is cut off from the others.
    request.headers = {{"Content-Type", "application/json"}, {"Grpc-Metadata-hasleader", "true"}};
    request.body = watch_body(prefix_, stream->from);
    request.timeout_ms = 0;
    request.connect_timeout_ms = options_.call_ms;
    request.allow_private_targets = true;
    request.cancel = &stream->cancel;
    request.on_body = [this, &stream](std::string_view piece) {
        stream->rest += piece;
        std::size_t begin = 0, end = 0;
        while ((end = stream->rest.find('\n', begin)) != std::string::npos) {
            if (!take_line(*stream, std::string_view(stream->rest).substr(begin, end - begin))) return false;
            begin = end + 1;
        }
        stream->rest.erase(0, begin);
        return stream->rest.size() <= kLineBytesMax;
    };
    const auto began = steady_clock::now();
    const auto answer = net::fetch(request);
    if (!stopping_.load()) {
        log::info("etcd_stream_ended", {{"server", stream->server},
                                        {"prefix", prefix_},
                                        {"reason", answer ? "closed" : std::string_view(answer.error().message)}});
    }
    {
        const MutexLock lock(mutex_);
        stream_.reset();
    }
    if (steady_clock::now() - began < std::chrono::milliseconds(kRetryMs)) pause(kRetryMs);
    return stream->ended;
}

/// Another one each time: the last one was left for a reason. One that did not answer is passed over for a while, for
/// the others may only refuse until they have elected a leader.
std::string Mirror::next_server() {
    const std::size_t servers = options_.endpoints.size();
    std::string server;
    for (std::size_t tries = 0; tries < servers; ++tries) {
        const std::size_t turn = std::hash<std::string>()(prefix_) + static_cast<std::size_t>(streams_.fetch_add(1));
        server = options_.endpoints[turn % servers];
        if (server != silent_server_ || system_clock().monotonic_us() > silent_until_us_) break;
    }
    return server;
}

/// False ends the stream.
bool Mirror::take_line(Stream& stream, std::string_view line) {
    if (line.empty()) return true;
    const auto parsed = gateway::parse(line);
    const json::Value* result = parsed ? parsed->find("result") : nullptr;
    if (!result) return false;
    if (gateway::number(*result, "compact_revision") > 0) {
        stream.ended = Ended::gap;
        return false;
    }
    const json::Value* cancelled = result->find("canceled");
    if (cancelled && cancelled->as_bool().value_or(false)) return false;
    if (result->find("created")) {
        // Revisions that lie before what was seen: another store, or an old copy of it, is there now.
        if (gateway::revision(*result) + 1 < stream.from) {
            stream.ended = Ended::gap;
            return false;
        }
        stream.open.store(true);
        const MutexLock lock(mutex_);
        wake_.notify_all();  // the prober, which says whether it is fresh
    }
    return take_events(*result);
}

bool Mirror::take_events(const json::Value& result) {
    const json::Value* events = result.find("events");
    if (!events || !events->is_array() || events->array().empty()) return true;
    {
        const MutexLock lock(mutex_);
        for (const json::Value& event : events->array()) {
            const json::Value* item = event.find("kv");
            if (!item) return false;
            KeyValue changed = gateway::key_value(*item);
            const json::Value* type = event.find("type");  // absent when PUT
            if (type && type->is_string() && type->string() == "DELETE") {
                current_.values.erase(changed.key);
            } else {
                current_.values[std::move(changed.key)] = std::move(changed.value);
            }
            current_.revision = changed.mod_revision;
            next_revision_ = changed.mod_revision + 1;
        }
        shared_.reset();
    }
    if (on_change_) on_change_();
    return true;
}

void Mirror::probe() {
    const std::string body = probe_body(prefix_);
    while (!stopping_.load()) {
        std::shared_ptr<Stream> stream;
        {
            const MutexLock lock(mutex_);
            stream = stream_;
        }
        const bool was_open = stream && stream->open.load();
        if (stream) {
            const auto answer = gateway::post(stream->server, "kv/range", body, options_.call_ms);
            if (!answer) {
                const MutexLock lock(mutex_);
                silent_server_ = stream->server;
                silent_until_us_ = system_clock().monotonic_us() + kSilentUs;
                stream->cancel.cancel();
            }
            if (!answer || was_open) set_fresh(answer.ok(), stream);
        }
        const MutexLock lock(mutex_);
        // Opened meanwhile: ask again at once.
        const bool opened = stream_ && stream_->open.load() && !(stream_ == stream && was_open);
        if (!opened && !stopping_.load()) wake_.wait_us(mutex_, kProbeMs * 1'000);
    }
}

/// Only while that is still the stream.
void Mirror::set_fresh(bool fresh, const std::shared_ptr<Stream>& stream) {
    {
        const MutexLock lock(mutex_);
        if (stream_ != stream || fresh_.exchange(fresh) == fresh) return;
    }
    log::info(fresh ? "etcd_fresh" : "etcd_stale", {{"prefix", prefix_}});
    if (on_change_) on_change_();
}

void Mirror::pause(int ms) {
    const MutexLock lock(mutex_);
    if (!stopping_.load()) wake_.wait_us(mutex_, std::int64_t{ms} * 1'000);
}

}  // namespace stoa::cluster::etcd
