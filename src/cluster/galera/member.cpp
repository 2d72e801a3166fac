#include "cluster/galera/member.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "base/thread_annotations.hpp"
#include "cluster/etcd/lease.hpp"
#include "cluster/etcd/mirror.hpp"
#include "cluster/galera/beat.hpp"
#include "cluster/galera/server.hpp"
#include "cluster/limits.hpp"

namespace stoa::cluster::galera {
namespace {

using Kind = Action::Kind;
using NodeKind = Node::Kind;

constexpr int kLookMs = 500;
constexpr std::int64_t kTickUs = 100'000;
constexpr std::int64_t kPublishUs = 1'000'000;  ///< between two when only numbers have changed
constexpr std::int64_t kProbeUs = 300'000;
constexpr int kProbeMs = 150;
constexpr int kGroupPort = 4567;
constexpr int kHangMs = 1'500;
constexpr int kEndingS = 30;                 ///< nobody else ends a server that hangs meanwhile
constexpr std::int64_t kReachedSeqno = 100;  ///< fewer changes are those of the group's own beginning
constexpr std::int64_t kSayAgainUs = 10'000'000;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

etcd::ClientOptions bounded(etcd::ClientOptions options) {
    options.call_ms = std::min(options.call_ms, 500);
    options.deadline_ms = std::min(options.deadline_ms, 1'500);
    return options;
}

bool port_answers(const std::string& address) {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(kGroupPort);
    if (!socket || ::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) return false;
    (void)::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to));  // goes on by itself
    pollfd waits{socket.get(), POLLOUT, 0};
    if (::poll(&waits, 1, kProbeMs) != 1) return false;
    int problem = 0;
    socklen_t size = sizeof(problem);
    return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &problem, &size) == 0 && problem == 0;
}

}  // namespace

class MemberRuntime::Impl {
  public:
    Impl(MemberOptions options, ServerProcess& process)
        : options_(std::move(options)),
          settings_(options_.settings),
          keys_(Keys(options_.cluster)),
          process_(process),
          etcd_(bounded(options_.etcd)),
          lease_client_(bounded(options_.etcd)),
          lease_(lease_client_, limits::host_lease_s),
          mirror_(options_.etcd, keys_.root(), [this] { wake(); }),
          server_(options_.server),
          beat_(options_.server) {
        self_.node.name = settings_.name;
        const auto own = options_.addresses.find(settings_.name);
        if (own != options_.addresses.end()) self_.node.address = own->second;
    }

    void start() {
        mirror_.start();
        lease_.start();
        thread_ = std::thread([this] {
            pthread_setname_np(pthread_self(), "galera-member");
            run();
        });
    }

    void stop() STOA_EXCLUDES(mutex_) {
        {
            const MutexLock lock(mutex_);
            stopping_ = true;
            wake_.notify_all();
        }
        if (thread_.joinable()) thread_.join();
        beat_.stop();
        mirror_.stop();
        lease_.stop();
    }

  private:
    void wake() STOA_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        changed_ = true;
        wake_.notify_all();
    }
    bool rest() STOA_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (!stopping_ && !changed_) wake_.wait_us(mutex_, kTickUs);
        changed_ = false;
        return !stopping_;
    }

    void run() {
        do {
            look();
            const etcd::Mirror::Snapshot& seen = read_etcd();
            const View view = read_view(keys_, seen.values, mirror_.fresh() && seen.revision != 0);
            measure(view);
            const Action action = decide(settings_, view, self_);
            self_.node.waits_for = action.kind == Kind::wait ? action.reason : "";
            publish();
            tell(action);
            remember_reached(view);
            if (action.kind == Kind::wait) continue;
            if (const Status done = perform(action, view); !done) {
                log::warn(
                    "galera_step_failed",
                    {{"node", settings_.name}, {"step", to_string(action.kind)}, {"problem", done.error().message}});
            }
        } while (rest());
    }

    /// Kept until the next look: the view's texts are read from it.
    const etcd::Mirror::Snapshot& read_etcd() {
        snapshot_ = mirror_.snapshot();
        return *snapshot_;
    }

    void look() {
        Node& node = self_.node;
        const NodeKind before = node.kind;
        const ServerProcess::Seen seen = process_.look();
        if (seen.life != node.life) {
            node.life = seen.life;
            node.position = {};
            self_.told = self_.began = self_.hangs = false;
            before_paused_us_ = 0;
            server_.reset();
            beat_.stop();
        }
        if (seen.server) {
            look_at_server();
        } else {
            node.ready = node.well = false;
            node.state.clear();
            node.group = node.paused_percent = 0;
            if (self_.told) {
                node.kind = NodeKind::joining;  // it is on its way
            } else if (seen.position) {
                node.kind = NodeKind::down;
                node.position = *seen.position;
            } else {
                node.kind = seen.life.empty() ? NodeKind::stopped : NodeKind::recovering;
            }
        }
        if (node.kind != before) kind_since_us_ = now_us();
        if (node.kind == NodeKind::down) probe();
    }

    void look_at_server() {
        Node& node = self_.node;
        self_.told = true;
        self_.hangs = beat_.late_ms() >= kHangMs;
        node.well = beat_.well();
        // To ask a server that hangs takes long: not while that is the question.
        if (beat_.late_ms() >= kLookMs && node.kind != NodeKind::joining) return;
        const auto facts = server_.look(kLookMs);
        if (!facts) {
            server_.reset();
            // One that answered before is what it was until others say otherwise.
            if (node.kind != NodeKind::primary && node.kind != NodeKind::non_primary) node.kind = NodeKind::joining;
            node.ready = false;
            return;
        }
        node.kind = facts->kind;
        node.position = facts->position;
        node.state = facts->state;
        node.ready = facts->ready;
        node.group = facts->group;
        const std::int64_t now = now_us();
        if (before_paused_us_ == 0 || now - before_paused_us_ >= 1'000'000) {
            if (before_paused_us_ != 0)
                node.paused_percent = static_cast<int>(std::clamp<std::int64_t>(
                    (facts->paused_ns - before_paused_ns_) / 10 / (now - before_paused_us_), 0, 100));
            before_paused_us_ = now;
            before_paused_ns_ = facts->paused_ns;
        }
        if (facts->ready && !beat_.running()) beat_.start();
    }

    void probe() {
        if (now_us() - probed_us_ < kProbeUs) return;
        self_.answering.clear();
        for (const auto& [name, address] : options_.addresses) {
            if (name != settings_.name && port_answers(address)) self_.answering.insert(name);
        }
        probed_us_ = now_us();
    }

    void measure(const View& view) {
        const std::int64_t now = now_us();
        const auto lasting = [now](bool is, std::int64_t& since_us) -> std::int64_t {
            if (!is) since_us = 0;
            if (is && since_us == 0) since_us = now;
            return is ? (now - since_us) / 1'000 : 0;
        };
        View with_self = view;
        with_self.nodes[settings_.name] = self_.node;
        self_.vacant_ms = lasting(view.fresh && any_primary(with_self) == nullptr, vacant_since_us_);
        self_.away_ms = lasting(!view.fresh, away_since_us_);
        self_.kind_ms = (now - kind_since_us_) / 1'000;
        // An agent that was started again meanwhile knows from etcd what it told its server.
        if (view.round && view.round->node == settings_.name && view.round->life == self_.node.life && self_.told &&
            self_.node.kind == NodeKind::joining) {
            self_.began = true;
        }
    }

    /// The first of the changes that matter at once, the numbers now and then.
    void publish() {
        const Node& node = self_.node;
        const bool weighty = node.kind != published_.kind || node.life != published_.life ||
                             node.ready != published_.ready || node.waits_for != published_.waits_for ||
                             node.well != published_.well;
        if (!weighty && now_us() - published_us_ < kPublishUs) return;
        published_us_ = now_us();
        const std::string json = to_json(node);
        if (json == published_json_) return;
        if (!lease_.put(keys_.node(settings_.name), json)) return;
        published_ = node;
        published_json_ = json;
    }

    Status perform(const Action& action, const View& view) {
        switch (action.kind) {
            case Kind::wait:
                return {};
            case Kind::join:
                // Without etcd the note of this server being down has run out long ago.
                if (view.fresh) STOA_CHECK(publish_joining());
                STOA_CHECK(process_.tell(self_.node.life, false, ""));
                self_.told = true;
                return {};
            case Kind::begin:
                return begin(action, view);
            case Kind::promote:
                return promote(view);
            case Kind::end:
                log::warn("galera_server_ended", {{"node", settings_.name}, {"why", action.reason}});
                return process_.end(action.reason);
            case Kind::end_hanging:
                return end_hanging(action);
            case Kind::answer: {
                Command command = *view.command;
                command.answer = action.reason;
                STOA_CHECK(etcd_.put(keys_.command(), to_json(command)));
                return {};
            }
        }
        return {};
    }

    Status publish_joining() {
        Node node = self_.node;
        node.kind = NodeKind::joining;
        published_json_.clear();  // whatever comes of it is written anew
        return lease_.put(keys_.node(settings_.name), to_json(node));
    }

    /// Exactly one of those who think that it is their turn: only who still finds the round that its view had.
    Status win(const Position& position, bool forced, const View& view) {
        const auto current = snapshot_->values.find(keys_.round());
        STOA_TRY(const auto stands, etcd_.get(keys_.round()));
        const bool same = current == snapshot_->values.end() ? !stands : stands && stands->value == current->second;
        if (!same) return Error{Errc::conflict, "Somebody else was chosen meanwhile."};
        // What was set aside by force once stays so.
        const bool after_force = forced || (view.round && view.round->forced);
        const Round round{settings_.name, self_.node.life, position, after_force, system_clock().now_us() / 1'000};
        STOA_TRY(const auto outcome,
                 etcd_.put_if_unchanged(keys_.round(), to_json(round), stands ? stands->mod_revision : 0));
        if (!outcome.done) return Error{Errc::conflict, "Somebody else was chosen meanwhile."};
        return {};
    }

    Status begin(const Action& action, const View& view) {
        Position position = self_.node.position;
        if (action.forced) position = {uuid_v4(), std::max<std::int64_t>(position.seqno, 0)};
        STOA_CHECK(win(position, action.forced, view));
        STOA_CHECK(publish_joining());
        STOA_CHECK(process_.tell(self_.node.life, true, action.forced ? position.text() : ""));
        self_.told = self_.began = true;
        add_event(settings_.name + " begins the group at " + position.text() +
                  (action.forced ? ", forced by an operator" : "") + ", " + std::to_string(self_.vacant_ms) +
                  " ms after nobody was in one" + heard(view));
        return {};
    }

    static std::string heard(const View& view) {
        std::string out;
        for (const auto& [name, node] : view.nodes)
            out += "; " + name + " " + std::string(to_string(node.kind)) + " " + std::to_string(node.position.seqno);
        return out;
    }

    Status promote(const View& view) {
        STOA_CHECK(win(self_.node.position, false, view));
        self_.began = true;
        STOA_CHECK(server_.promote());
        add_event(settings_.name + ", which ran without a group, begins one at " + self_.node.position.text());
        return {};
    }

    /// One at a time: two of three that end themselves leave nobody.
    Status end_hanging(const Action& action) {
        if (now_us() - ending_tried_us_ < 1'000'000) return {};
        ending_tried_us_ = now_us();
        STOA_TRY(const auto lease, etcd_.grant_lease(kEndingS));
        STOA_TRY(const auto outcome,
                 etcd_.create_if_absent(keys_.ending(), settings_.name + " " + self_.node.life, lease));
        if (!outcome.done) return Error{Errc::busy, "Another server that hung was ended just now."};
        log::error("galera_server_hangs", {{"node", settings_.name},
                                           {"ms", beat_.late_ms()},
                                           {"do", "it is ended and comes back; see the disk of this host"}});
        const std::int64_t late_ms = beat_.late_ms();
        STOA_CHECK(process_.end(action.reason));
        add_event(settings_.name + " took no change for " + std::to_string(late_ms) + " ms and was ended");
        return {};
    }

    /// Without this, three empty disks would look like a new cluster.
    void remember_reached(const View& view) {
        const Node& node = self_.node;
        if (!view.fresh || view.reached || node.kind != NodeKind::primary || node.position.seqno < kReachedSeqno)
            return;
        (void)etcd_.put(keys_.reached(), node.position.text());  // again at the next look
    }

    /// For people: when it fails, nothing else does.
    void add_event(const std::string& text) {
        log::info("galera_event", {{"node", settings_.name}, {"what", text}});
        for (int i = 0; i < 3; ++i) {
            const auto before = etcd_.get(keys_.events());
            if (!before) return;
            std::vector<Event> events;
            if (*before) {
                if (auto read = events_from_json((*before)->value)) events = std::move(*read);
            }
            events.push_back({system_clock().now_us() / 1'000, text});
            if (events.size() > kEventsMax) events.erase(events.begin());
            const auto put =
                etcd_.put_if_unchanged(keys_.events(), to_json(events), *before ? (*before)->mod_revision : 0);
            if (!put || put->done) return;
        }
    }

    void tell(const Action& action) {
        static Gauge& in_group = gauge("stoa_galera_primary", "1 while this node is in the group that takes writes.");
        in_group.set(self_.node.kind == NodeKind::primary ? 1 : 0);
        static Gauge& paused = gauge("stoa_galera_paused_percent", "Of the last second, paused by flow control.");
        paused.set(self_.node.paused_percent);
        if (action.kind != Kind::wait) {
            log::info("galera_step", {{"node", settings_.name},
                                      {"step", to_string(action.kind)},
                                      {"why", action.reason},
                                      {"position", self_.node.position.text()}});
        } else if (!action.reason.empty() && self_.vacant_ms > 5'000 && now_us() - said_us_ > kSayAgainUs) {
            said_us_ = now_us();
            log::error("galera_no_group", {{"node", settings_.name},
                                           {"seconds", self_.vacant_ms / 1'000},
                                           {"waits_for", action.reason},
                                           {"do", "bring the named nodes back, or see `stoa cluster db explain`"}});
        }
    }

    const MemberOptions options_;
    const Settings& settings_;
    const GaleraKeys keys_;
    ServerProcess& process_;
    etcd::Client etcd_, lease_client_;
    etcd::Lease lease_;
    etcd::Mirror mirror_;
    Server server_;
    Beat beat_;

    // Of the thread alone.
    Self self_;
    std::shared_ptr<const etcd::Mirror::Snapshot> snapshot_;
    Node published_;
    std::string published_json_;
    std::int64_t published_us_ = 0, kind_since_us_ = now_us(), vacant_since_us_ = 0, away_since_us_ = 0;
    std::int64_t probed_us_ = 0, ending_tried_us_ = 0, said_us_ = 0;
    std::int64_t before_paused_us_ = 0, before_paused_ns_ = 0;

    Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    bool changed_ STOA_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

MemberRuntime::MemberRuntime(MemberOptions options, ServerProcess& process)
    : impl_(std::make_unique<Impl>(std::move(options), process)) {}
MemberRuntime::~MemberRuntime() {
    stop();
}
void MemberRuntime::start() {
    impl_->start();
}
void MemberRuntime::stop() {
    impl_->stop();
}

}  // namespace stoa::cluster::galera
