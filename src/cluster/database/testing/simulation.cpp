#include "cluster/database/testing/simulation.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "cluster/database/decide.hpp"

namespace stoa::cluster::database::testing {
namespace {

constexpr std::int64_t kTickUs = 10'000;
constexpr std::int64_t kSecondUs = 1'000'000;

struct Write {
    std::int64_t id;
    int server;
    bool operator==(const Write&) const = default;
};
using Log = std::vector<Write>;

Position position_of(const Log& log, const Log& more = {}) {
    const auto n = log.size() + more.size();
    if (n == 0) return {};
    const int server = more.empty() ? log.back().server : more.back().server;
    return Position("0-" + std::to_string(server) + "-" + std::to_string(n));
}

struct Etcd {
    struct Lease {
        std::int64_t until_us = 0;
    };
    bool up = true;
    std::int64_t revision = 1;
    std::int64_t next_lease = 1;
    std::map<std::int64_t, Lease> leases;
    std::optional<Leader> leader;
    std::int64_t leader_created = 0, leader_revision = 0, leader_lease = 0;
    std::optional<Acknowledgers> list;
    std::int64_t list_revision = 0;
    std::map<std::string, Member> members;
    std::map<std::string, std::int64_t> member_until_us;
    std::optional<Command> command;
};

struct Node {
    int index = 0;
    std::string name;
    Settings settings;

    // The host.
    std::int64_t host_paused_until = 0, agent_paused_until = 0;
    bool agent_dead = false;
    std::int64_t agent_back_us = 0;

    // The server.
    Self::Server server = Self::Server::down;
    std::int64_t answers_from_us = 0;
    std::int64_t hung_until = 0;
    int process = 0, lives = 0;
    bool start_as_leader = false;
    Log log;                    ///< on its disk
    std::size_t committed = 0;  ///< of the log, in the engine
    Log relay;                  ///< received, not applied
    bool writable = false, as_leader = false, semi_replica = false;
    bool io = false, sql = false;
    int source = -1;
    bool parted = false;
    bool fencing = false;
    std::int64_t promise_until = 0;
    std::set<int> locked;  ///< accounts of members that may not connect

    bool may_have_led = false;  ///< on its disk
    // The watchdog, which outlives the agent.
    std::int64_t write_until_us = 0;

    // The agent.
    Self self;
    std::int64_t lease = 0, lease_from_us = 0, confirmed_us = 0;
    std::int64_t next_renew_us = 0, next_confirm_us = 0, next_publish_us = 0;
    std::int64_t hang_seen_us = 0;
    std::int64_t list_known_revision = 0;
    std::int64_t busy_until_us = 0;
    bool locks_unsure = false;
    bool closing = false;  ///< no new commits: writes are being held
    std::size_t waiting_at = 0;
    std::int64_t waiting_us = 0;
    std::int64_t opened_epoch = 0;
    std::shared_ptr<const ClusterView> view = std::make_shared<ClusterView>();
    std::int64_t view_at_us = 0;
    int generation = 0;  ///< of the agent: late answers for an earlier one are nobody's
};

class Simulation {
  public:
    explicit Simulation(const SimulationOptions& options) : options_(options), random_(options.seed) {
        std::vector<std::string> names;
        for (int i = 0; i < options.members; ++i)
            names.push_back("db" + std::to_string(i + 1));
        nodes_.resize(names.size());
        for (int i = 0; i < options.members; ++i) {
            Node& node = nodes_[static_cast<std::size_t>(i)];
            node.index = i;
            node.name = names[static_cast<std::size_t>(i)];
            node.settings.name = node.name;
            node.settings.address = node.name + ":3306";
            node.settings.members = names;
            node.settings.block_without_receipts = options.block_without_receipts;
        }
        cut_.assign(names.size(), std::vector<bool>(names.size(), false));
        etcd_cut_.assign(names.size(), false);
    }

    SimulationResult run() {
        const std::int64_t chaos_us = options_.chaos_ms * 1'000;
        while (now_ < 10 * kSecondUs && !open_leader())
            tick();
        if (!open_leader()) fail("no leader at the start");
        const std::int64_t begin = now_;
        while (result_.violation.empty() && now_ < begin + chaos_us) {
            chaos();
            tick();
            if (!open_leader()) result_.down_ms += kTickUs / 1'000;
        }
        heal();
        const auto before = result_.acknowledged;
        const std::int64_t healed = now_;
        while (result_.violation.empty() && now_ < healed + 60 * kSecondUs && !settled(before))
            tick();
        if (result_.violation.empty() && !settled(before))
            fail("no progress after everything was well again: " + why());
        return result_;
    }

  private:
    // --- chance
    std::int64_t below(std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random_); }
    bool chance(int per_mille) { return below(1'000) < per_mille; }
    Node& any() { return nodes_[static_cast<std::size_t>(below(static_cast<std::int64_t>(nodes_.size())))]; }
    std::int64_t delay() {
        if (chance(10)) return below(4'500'000);
        if (chance(100)) return below(300'000);
        return 500 + below(15'000);
    }

    // --- messages and time
    void later(std::int64_t us, std::function<void()> what) { events_.emplace(now_ + us, std::move(what)); }
    bool host_runs(const Node& node) const { return node.host_paused_until <= now_; }
    bool agent_runs(const Node& node) const {
        return host_runs(node) && node.agent_paused_until <= now_ && !node.agent_dead;
    }
    bool server_runs(const Node& node) const {
        return host_runs(node) && node.hung_until <= now_ && node.server == Self::Server::answers;
    }
    bool linked(const Node& a, const Node& b) const {
        return !cut_[static_cast<std::size_t>(a.index)][static_cast<std::size_t>(b.index)];
    }
    bool reaches_etcd(const Node& node) const { return etcd_.up && !etcd_cut_[static_cast<std::size_t>(node.index)]; }

    void trace(const Node& node, const std::string& what) {
        if (options_.trace) {
            std::printf("%8.3f %s %s\n", static_cast<double>(now_) / 1e6, node.name.c_str(), what.c_str());
        }
    }
    void fail(const std::string& what) {
        if (result_.violation.empty()) {
            result_.violation =
                "seed " + std::to_string(options_.seed) + " at " + std::to_string(now_ / 1'000) + " ms: " + what;
            if (options_.trace) std::printf("VIOLATION %s\n", result_.violation.c_str());
        }
    }

    void tick() {
        now_ += kTickUs;
        while (!events_.empty() && events_.begin()->first <= now_) {
            auto what = std::move(events_.begin()->second);
            events_.erase(events_.begin());
            what();
        }
        expire_leases();
        for (auto& node : nodes_) {
            watchdog(node);
            server_work(node);
        }
        replicate();
        for (auto& node : nodes_) {
            if (node.agent_dead && now_ >= node.agent_back_us && host_runs(node)) new_agent(node);
            if (agent_runs(node)) agent_work(node);
        }
        check();
    }

    // --- etcd
    void changed() { ++etcd_.revision; }
    void expire_leases() {
        if (!etcd_.up) return;
        for (auto at = etcd_.leases.begin(); at != etcd_.leases.end();) {
            if (at->second.until_us > now_) {
                ++at;
                continue;
            }
            if (etcd_.leader && etcd_.leader_lease == at->first) {
                etcd_.leader.reset();
                changed();
            }
            at = etcd_.leases.erase(at);
        }
        for (auto at = etcd_.member_until_us.begin(); at != etcd_.member_until_us.end();) {
            if (at->second > now_) {
                ++at;
                continue;
            }
            etcd_.members.erase(at->first);
            changed();
            at = etcd_.member_until_us.erase(at);
        }
    }
    /// A request to etcd and back; `done` gets false when no answer came in time. What was sent may arrive late.
    void ask_etcd(Node& node, std::function<void()> at_etcd, std::function<void(bool)> done) {
        const auto there = delay();
        const auto back = delay();
        const int generation = node.generation;
        auto answered = std::make_shared<bool>(false);
        Node* to = &node;
        if (reaches_etcd(node)) {
            later(there, [this, to, at_etcd = std::move(at_etcd), answered, back, done, generation] {
                if (!etcd_.up) return;
                at_etcd();
                later(back, [this, to, answered, done, generation] {
                    if (*answered || to->generation != generation || !agent_runs(*to) || !reaches_etcd(*to)) return;
                    *answered = true;
                    done(true);
                });
            });
        }
        wait_answer(to, generation, answered, std::move(done), 1'000'000);
    }
    void wait_answer(Node* to, int generation, std::shared_ptr<bool> answered, std::function<void(bool)> done,
                     std::int64_t us) {
        later(us, [this, to, generation, answered, done] {
            if (*answered || to->generation != generation) return;
            if (!agent_runs(*to)) return wait_answer(to, generation, answered, done, kTickUs);
            *answered = true;
            done(false);
        });
    }
    std::shared_ptr<ClusterView> listing() const {
        auto view = std::make_shared<ClusterView>();
        view->revision = etcd_.revision;
        view->fresh = true;
        view->leader = etcd_.leader;
        view->acknowledgers = etcd_.list;
        view->members = etcd_.members;
        view->command = etcd_.command;
        return view;
    }

    // --- servers
    void kill(Node& node, const std::string& why) {
        if (node.server == Self::Server::down) return;
        trace(node, "server dies: " + why);
        node.server = Self::Server::down;
        node.hung_until = 0;
        node.relay.clear();
        node.writable = node.as_leader = node.semi_replica = node.io = node.sql = false;
        node.parted = false;
        node.fencing = node.closing = false;
        node.promise_until = 0;
    }
    void start(Node& node, bool as_leader) {
        if (node.server != Self::Server::down) return;
        node.server = Self::Server::starting;
        node.answers_from_us = now_ + 100'000 + below(900'000);
        ++node.process;
        node.lives = 0;
        node.source = -1;
        node.locked.clear();
        if (as_leader) {
            node.committed = node.log.size();  // crash recovery commits what is in the log
        } else {
            // Truncates what the engine had not committed; the last commits may not have been on the disk.
            const auto unsure = std::min<std::int64_t>(2, static_cast<std::int64_t>(node.committed));
            node.committed -= static_cast<std::size_t>(below(unsure + 1));
            node.log.resize(node.committed);
        }
    }
    void watchdog(Node& node) {
        if (!host_runs(node) || node.server == Self::Server::down || !(node.writable || node.as_leader)) return;
        if (now_ >= node.write_until_us + 100'000) kill(node, "watchdog");
    }
    void server_work(Node& node) {
        if (node.server == Self::Server::starting && host_runs(node) && now_ >= node.answers_from_us) {
            node.server = Self::Server::answers;
        }
        if (!server_runs(node)) return;
        if (node.sql && !node.relay.empty() && chance(800)) {
            const auto n = std::min<std::size_t>(node.relay.size(), static_cast<std::size_t>(1 + below(5)));
            for (std::size_t i = 0; i < n; ++i)
                node.log.push_back(node.relay[i]);
            node.relay.erase(node.relay.begin(), node.relay.begin() + static_cast<std::ptrdiff_t>(n));
            node.committed = node.log.size();
        }
        // Few can be on their way: the log is locked while commits wait for receipts.
        if (node.writable && !node.closing && node.log.size() - node.committed < 6 && chance(300)) {
            node.log.push_back({next_id_++, node.index + 1});
            if (!node.as_leader) receipt(node, node.log.size());
        }
    }
    void replicate() {
        for (auto& node : nodes_) {
            if (!server_runs(node) || !node.io || node.source < 0) continue;
            Node& from = nodes_[static_cast<std::size_t>(node.source)];
            if (!server_runs(from) || !linked(node, from)) continue;
            if (node.semi_replica && from.locked.contains(node.index)) continue;  // its account is locked
            const auto have = node.log.size() + node.relay.size();
            if (!prefix(node, from)) {
                node.parted = true;
                node.io = false;
                trace(node, "has parted from " + from.name);
                continue;
            }
            if (have == from.log.size() || chance(300)) continue;
            const auto n = std::min<std::size_t>(from.log.size() - have, static_cast<std::size_t>(1 + below(4)));
            for (std::size_t i = 0; i < n; ++i)
                node.relay.push_back(from.log[have + i]);
            if (!node.semi_replica || !from.as_leader) continue;
            const auto upto = have + n;
            const int process = from.process;
            Node* to = &from;
            Node* by = &node;
            later(chance(50) ? below(2'000'000) : below(8'000), [this, to, by, upto, process] {
                if (to->process != process || !server_runs(*to) || !to->as_leader || !linked(*to, *by)) return;
                if (to->locked.contains(by->index)) return;  // its connection was killed
                receipt(*to, upto);
            });
        }
    }
    static bool prefix(const Node& node, const Node& of) {
        const auto have = node.log.size() + node.relay.size();
        if (have > of.log.size()) return false;
        if (!node.relay.empty()) return node.relay.back() == of.log[have - 1];
        return node.log.empty() || node.log.back() == of.log[have - 1];
    }
    void receipt(Node& node, std::size_t upto) {
        for (; node.committed < upto && node.committed < node.log.size(); ++node.committed) {
            const auto& one = node.log[node.committed];
            if (one.server != node.index + 1) continue;
            acknowledged_.push_back(one);
            ++result_.acknowledged;
            if (node.opened_epoch != last_opened_) {
                fail(node.name + " answered a commit in epoch " + std::to_string(node.opened_epoch) + " after epoch " +
                     std::to_string(last_opened_) + " had begun");
            }
        }
    }

    // --- agents
    void new_agent(Node& node) {
        trace(node, "agent starts");
        node.agent_dead = false;
        ++node.generation;
        node.self = {};
        node.lease = node.lease_from_us = node.confirmed_us = 0;
        node.list_known_revision = 0;
        node.busy_until_us = 0;
        node.view = std::make_shared<ClusterView>();
        node.view_at_us = 0;
        node.hang_seen_us = 0;
    }
    static Life life(const Node& node) {
        return node.server == Self::Server::down ? Life()
                                                 : std::to_string(node.process) + "." + std::to_string(node.lives);
    }
    void look(Node& node) {
        Self& self = node.self;
        const Life before = self.life;
        self.life = life(node);
        if (self.life != before) {
            self.vote.reset();
            if (node.server != Self::Server::answers || !node.writable) self.follows_epoch = 0;
        }
        if (node.server == Self::Server::answers && !server_runs(node)) {
            // It does not answer: what was known last stays, and the heartbeat tells.
            if (self.server == Self::Server::down) self.server = Self::Server::starting;
        } else {
            self.server = node.server;
            self.writable = node.writable;
            self.as_leader = node.as_leader;
            self.acknowledges = node.semi_replica;
            self.receiving = node.io;
            self.applying = node.sql;
            self.parted = node.parted;
            const bool hears = !node.io || node.source < 0 ||
                               (server_runs(nodes_[static_cast<std::size_t>(node.source)]) &&
                                linked(node, nodes_[static_cast<std::size_t>(node.source)]));
            if (hears) self.heard_us = now_;
            self.source = node.source < 0 ? "" : nodes_[static_cast<std::size_t>(node.source)].settings.address;
            self.received = position_of(node.log, node.relay);
            self.applied = position_of(node.log);
        }
        if (node.server == Self::Server::down) self.server = Self::Server::down;
        const bool hung = node.server == Self::Server::answers && node.hung_until > now_;
        if (!hung) node.hang_seen_us = 0;
        if (hung && node.hang_seen_us == 0) node.hang_seen_us = now_;
        self.hangs = hung && now_ - node.hang_seen_us > 1'200'000;
        if (hung && self.hangs && !node.writable) kill(node, "hung replica");
    }
    void agent_work(Node& node) {
        if (reaches_etcd(node) && now_ >= node.view_at_us) {
            later(below(40'000), [this, to = &node, view = listing(), generation = node.generation] {
                if (to->generation == generation && view->revision >= to->view->revision) to->view = view;
            });
            node.view_at_us = now_ + 20'000;
        }
        if (!reaches_etcd(node) && now_ > node.view_at_us + 700'000 && node.view->fresh) {
            auto stale = std::make_shared<ClusterView>(*node.view);
            stale->fresh = false;
            node.view = stale;
        }
        look(node);
        Self& self = node.self;
        renew(node);
        bool lost = node.writable && node.committed < node.log.size() && node.view->acknowledgers;
        if (lost) {
            const auto& members = node.view->acknowledgers->members;
            lost = std::any_of(members.begin(), members.end(), [&](const ServerLife& one) {
                const auto at = node.view->members.find(one.name);
                return at != node.view->members.end() && at->second.life == one.life && at->second.acknowledges &&
                       at->second.receiving && at->second.received.reached(self.applied);
            });
        }
        if (!lost || node.waiting_at != node.log.size()) node.waiting_us = 0;
        node.waiting_at = node.log.size();
        if (lost && node.waiting_us == 0) node.waiting_us = now_;
        self.receipts_lost = lost && now_ - node.waiting_us > kSecondUs;
        self.write_until_us = node.write_until_us;
        self.may_have_led = node.may_have_led;
        if (node.view->fresh && !node.view->leader) {
            if (self.vacant_us == 0) self.vacant_us = now_;
        } else {
            self.vacant_us = 0;
        }
        note_handover(node);
        see_acknowledgers(node);
        publish(node);
        if (node.busy_until_us > now_) return;
        const Action action = decide(node.settings, *node.view, self, now_);
        if (action.kind != Action::Kind::wait) {
            trace(node, std::string(to_string(action.kind)) + " (" + action.reason + ") view " +
                            std::to_string(node.view->revision) + " epoch " + std::to_string(node.view->epoch()) +
                            " life " + self.life + " log " + std::to_string(node.log.size()) + "/" +
                            std::to_string(node.committed) + " relay " + std::to_string(node.relay.size()));
            perform(node, action);
        } else if (node.locks_unsure && node.self.served && node.writable && node.view->fresh) {
            settle_list(node);
        }
    }
    void renew(Node& node) {
        if (node.lease == 0 || node.self.token.empty()) return;
        if (now_ >= node.next_renew_us) {
            node.next_renew_us = now_ + node.settings.timing.renew_ms * 1'000;
            const auto sent = now_;
            const auto lease = node.lease;
            auto alive = std::make_shared<bool>(false);
            Node* to = &node;
            ask_etcd(
                node,
                [this, lease, alive] {
                    const auto at = etcd_.leases.find(lease);
                    if (at == etcd_.leases.end()) return;
                    at->second.until_us = now_ + 3 * kSecondUs;
                    *alive = true;
                },
                [to, sent, lease, alive](bool answered) {
                    if (!answered || !*alive || to->lease != lease) return;
                    to->lease_from_us = std::max(to->lease_from_us, sent);
                    to->write_until_us = std::max<std::int64_t>(
                        to->write_until_us, to->lease_from_us + to->settings.timing.fence_ms * 1'000);
                });
        }
        const auto& t = node.settings.timing;
        const bool silent = now_ - node.lease_from_us > 1'200'000;
        if (!silent || !node.writable || now_ < node.next_confirm_us || !node.view->acknowledgers) return;
        node.next_confirm_us = now_ + 300'000;
        const auto& list = *node.view->acknowledgers;
        if (list.leader != node.name || list.epoch != node.self.epoch || list.members.empty()) return;
        for (const auto& one : list.members) {
            const auto at =
                std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& n) { return n.name == one.name; });
            const bool confirms = server_runs(*at) && linked(node, *at) && at->io && at->source == node.index &&
                                  !at->fencing && life(*at) == one.life;
            if (!confirms) return;
        }
        for (const auto& one : list.members) {
            const auto at =
                std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& n) { return n.name == one.name; });
            at->promise_until = now_ + t.promise_ms * 1'000;
        }
        node.confirmed_us = now_;
        node.write_until_us = std::max<std::int64_t>(node.write_until_us,
                                                     node.confirmed_us + (t.promise_ms - t.confirm_margin_ms) * 1'000);
    }
    static void note_handover(Node& node) {
        auto& handover = node.self.handover;
        if (node.self.token.empty() || !node.view->command) {
            handover = {};
        } else if (handover.id != node.view->command->id) {
            handover = {};
            handover.id = node.view->command->id;
        }
    }
    void see_acknowledgers(Node& node) {
        if (node.self.token.empty() || !node.view->acknowledgers) return;
        std::vector<Self::Seen> seen;
        for (const auto& one : node.view->acknowledgers->members) {
            const auto member = node.view->members.find(one.name);
            const bool well = member != node.view->members.end() && member->second.life == one.life &&
                              member->second.receiving && member->second.follows_epoch == node.self.epoch;
            Self::Seen now{one.name, one.life, well ? 0 : now_};
            for (const auto& before : node.self.acknowledgers) {
                if (before.name == one.name && before.life == one.life && !well && before.not_receiving_us != 0) {
                    now.not_receiving_us = before.not_receiving_us;
                }
            }
            seen.push_back(now);
        }
        node.self.acknowledgers = std::move(seen);
    }
    void publish(Node& node) {
        if (now_ < node.next_publish_us) return;
        node.next_publish_us = now_ + 50'000;
        Member member = describe(node.settings, node.self);
        member.lag_ms = node.relay.size() > 5 ? 3'000 : 0;
        ask_etcd(
            node,
            [this, member, at = now_] {
                // Messages of one connection stay in order.
                auto& last = published_us_[member.name];
                if (at < last) return;
                last = at;
                etcd_.members[member.name] = member;
                etcd_.member_until_us[member.name] = now_ + 3 * kSecondUs;
                changed();
            },
            [](bool) {});
    }
    /// What was written oneself is known at once.
    void known(Node& node, const std::optional<Leader>& leader, const std::optional<Acknowledgers>& list,
               std::int64_t revision) {
        if (node.view->revision >= revision) return;
        auto view = std::make_shared<ClusterView>(*node.view);
        view->leader = leader;
        view->acknowledgers = list;
        view->revision = revision;
        node.view = view;
    }
    void busy(Node& node, std::int64_t us) { node.busy_until_us = now_ + us; }
    void sql(Node& node, std::function<void()> effect) {
        const auto takes = 1'000 + below(20'000) + (chance(10) ? below(3'000'000) : 0);
        busy(node, takes + kTickUs);
        const int process = node.process;
        const int generation = node.generation;
        later(takes, [this, to = &node, effect = std::move(effect), process, generation] {
            // A statement that was sent is carried out even if the agent is gone by then.
            (void)generation;
            if (to->process == process && server_runs(*to)) effect();
        });
    }

    void perform(Node& node, const Action& action) {
        Self& self = node.self;
        Node* n = &node;
        switch (action.kind) {
            case Action::Kind::kill_server:
                kill(node, action.reason);
                break;
            case Action::Kind::start_server:
                start(node, action.as_leader);
                busy(node, 50'000);
                break;
            case Action::Kind::give_up:
                give_up(node);
                break;
            case Action::Kind::forget:
                self.token.clear();
                node.lease = 0;
                node.write_until_us =
                    node.confirmed_us +
                    (node.settings.timing.promise_ms - node.settings.timing.confirm_margin_ms) * 1'000;
                break;
            case Action::Kind::adopt:
                adopt(node);
                break;
            case Action::Kind::stop_receiving:
                node.fencing = true;
                if (now_ < node.promise_until) break;
                sql(node, [this, n, epoch = action.epoch, generation = node.generation] {
                    n->io = false;
                    if (n->generation != generation || !agent_runs(*n)) return;
                    n->self.vote = Vote{epoch, position_of(n->log, n->relay)};
                    n->self.follow_again_us = 0;
                    n->next_publish_us = 0;
                });
                break;
            case Action::Kind::pause_receiving:
                self.follow_again_us = now_ + 2'500'000;
                sql(node, [n] { n->io = false; });
                break;
            case Action::Kind::leave_list:
                sql(node, [n] {
                    n->io = false;
                    n->semi_replica = false;
                    ++n->lives;
                });
                break;
            case Action::Kind::take_leadership:
                take(node, action);
                break;
            case Action::Kind::apply:
                sql(node, [n] {
                    for (const auto& one : n->relay)
                        n->log.push_back(one);
                    n->relay.clear();
                    n->committed = n->log.size();
                    n->sql = false;
                });
                break;
            case Action::Kind::establish:
                node.may_have_led = true;
                write_list(node, *action.list);
                break;
            case Action::Kind::change_list:
                change_list(node, *action.list);
                break;
            case Action::Kind::open:
                sql(node, [this, n, list = *action.list, epoch = self.epoch] { open(*n, list, epoch); });
                break;
            case Action::Kind::announce:
                announce(node);
                break;
            case Action::Kind::follow:
                follow(node, action);
                break;
            case Action::Kind::copy:
                copy(node);
                break;
            case Action::Kind::hand_over:
                hand_over(node, action);
                break;
            case Action::Kind::answer:
                ask_etcd(
                    node, [this] { answer_command(); }, [](bool) {});
                busy(node, 200'000);
                break;
            case Action::Kind::wait:
                break;
        }
    }
    void give_up(Node& node) {
        node.self.served = false;
        const auto name = node.name;
        const bool own = node.view->leader && node.view->leader->name == name;
        const std::string token = own ? node.view->leader->token : node.self.token;
        node.self.resigned = {token, now_};
        node.self.token.clear();
        node.lease = 0;
        busy(node, 1'000'000);
        ask_etcd(
            node,
            [this, token] {
                if (!etcd_.leader || etcd_.leader->token != token) return;
                etcd_.leases.erase(etcd_.leader_lease);
                etcd_.leader.reset();
                changed();
            },
            [this, n = &node](bool) { busy(*n, kTickUs); });
    }
    void adopt(Node& node) {
        auto lease = std::make_shared<std::int64_t>(0);
        auto created = std::make_shared<std::int64_t>(0);
        auto token = std::make_shared<std::string>();
        const auto sent = now_;
        busy(node, 1'000'000);
        ask_etcd(
            node,
            [this, name = node.name, life_now = life(node), lease, created, token] {
                if (!etcd_.leader || etcd_.leader->name != name || etcd_.leader->life != life_now) return;
                const auto at = etcd_.leases.find(etcd_.leader_lease);
                if (at == etcd_.leases.end()) return;
                at->second.until_us = now_ + 3 * kSecondUs;
                *lease = at->first;
                *created = etcd_.leader_created;
                *token = etcd_.leader->token;
                if (etcd_.leader->handover.empty()) return;
                // A handover that the run before began may still be on its way.
                changed();
                etcd_.leader->handover.clear();
                etcd_.leader_revision = etcd_.revision;
            },
            [this, n = &node, lease, created, token, sent](bool answered) {
                busy(*n, kTickUs);
                if (!answered || *lease == 0) return;
                n->lease = *lease;
                n->self.token = *token;
                n->self.epoch = *created;
                n->self.taken_us = now_;
                n->self.served = n->writable;
                n->lease_from_us = sent;
                n->write_until_us =
                    std::max<std::int64_t>(n->write_until_us, sent + n->settings.timing.fence_ms * 1'000);
                n->list_known_revision = etcd_.list_revision;
            });
    }
    void take(Node& node, const Action& action) {
        const std::string token = node.name + "-" + std::to_string(++tokens_);
        auto got = std::make_shared<bool>(false);
        auto lease = std::make_shared<std::int64_t>(0);
        auto view = std::make_shared<std::shared_ptr<ClusterView>>();
        auto list_revision = std::make_shared<std::int64_t>(0);
        const auto sent = now_;
        busy(node, 1'500'000);
        ask_etcd(
            node,
            [this, node_name = node.name, address = node.settings.address, life_now = life(node), token, got, lease] {
                if (etcd_.leader) return;
                etcd_.leader = Leader{node_name, token, address, life_now, false, {}};
                *lease = etcd_.next_lease++;
                etcd_.leases[*lease] = {now_ + 3 * kSecondUs};
                etcd_.leader_lease = *lease;
                changed();
                etcd_.leader_created = etcd_.leader_revision = etcd_.revision;
                *got = true;
            },
            [this, n = &node, action, token, got, lease, view, list_revision, sent](bool answered) {
                if (!answered || !*got) return busy(*n, kTickUs);
                ask_etcd(
                    *n,
                    [this, view, list_revision] {
                        *view = listing();
                        *list_revision = etcd_.list_revision;
                    },
                    [this, n, action, token, lease, view, list_revision, sent](bool heard) {
                        busy(*n, kTickUs);
                        if (!heard) return;
                        Self& self = n->self;
                        self.token = token;
                        self.epoch = created_of(**view, token);
                        self.key_revision = (*view)->revision;
                        self.forced = action.forced;
                        self.restarting = action.restarting;
                        self.served = false;
                        self.taken_us = now_;
                        n->lease = *lease;
                        n->lease_from_us = sent;
                        n->next_renew_us = now_;
                        n->list_known_revision = *list_revision;
                        n->write_until_us =
                            std::max<std::int64_t>(n->write_until_us, sent + n->settings.timing.fence_ms * 1'000);
                        if (!may_lead(n->settings, **view, self)) {
                            trace(*n, "may not lead after all");
                            return give_up(*n);
                        }
                        if ((*view)->revision > n->view->revision) n->view = *view;
                    });
            });
    }
    std::int64_t created_of(const ClusterView&, const std::string& token) const {
        return etcd_.leader && etcd_.leader->token == token ? etcd_.leader_created : 0;
    }
    void write_list(Node& node, Acknowledgers list) {
        auto done = std::make_shared<std::int64_t>(0);
        const auto expected = node.list_known_revision;
        busy(node, 1'000'000);
        ask_etcd(
            node,
            [this, list, expected, done] {
                if (etcd_.list_revision != expected || !etcd_.leader || etcd_.leader->token != list.token) return;
                changed();
                etcd_.list = list;
                etcd_.list_revision = *done = etcd_.revision;
            },
            [this, n = &node, list, done](bool answered) {
                busy(*n, kTickUs);
                if (!answered) {  // unknown: look what is there
                    auto view = std::make_shared<std::shared_ptr<ClusterView>>();
                    auto revision = std::make_shared<std::int64_t>(0);
                    return ask_etcd(
                        *n, [this, view, revision] { *view = listing(), *revision = etcd_.list_revision; },
                        [n, view, revision](bool heard) {
                            if (!heard || !(*view)->acknowledgers) return;
                            if ((*view)->acknowledgers->token == n->self.token) n->list_known_revision = *revision;
                            if ((*view)->revision > n->view->revision) n->view = *view;
                        });
                }
                if (*done == 0) return trace(*n, "somebody else wrote the list");
                n->list_known_revision = *done;
                if (n->self.served || n->writable) n->self.follows_epoch = 0;
                n->locked = barred(list);
                n->locks_unsure = false;
                n->opened_epoch = n->writable ? list.epoch : n->opened_epoch;
                if (n->writable) last_opened_ = std::max(last_opened_, list.epoch);
                known(*n, n->view->leader, list, *done);
            });
    }
    std::set<int> barred(const Acknowledgers& list) const {
        std::set<int> found;
        for (const auto& one : list.barred) {
            for (const auto& other : nodes_) {
                if (other.name == one.name) found.insert(other.index);
            }
        }
        return found;
    }
    /// Written again: whatever is still on its way comes to nothing then.
    void settle_list(Node& node) {
        if (node.view->acknowledgers) write_list(node, *node.view->acknowledgers);
    }
    void change_list(Node& node, Acknowledgers list) {
        // Whoever is dropped cannot connect any more before the list says so; unlocked is only after it is written.
        sql(node, [this, n = &node, list]() mutable {
            if (n->locks_unsure) return settle_list(*n);
            n->locks_unsure = true;
            const auto locked = barred(list);
            n->locked.insert(locked.begin(), locked.end());
            bool covered = list.members.empty();
            for (const auto& one : list.members) {
                const auto at =
                    std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& m) { return m.name == one.name; });
                covered = covered || (server_runs(*at) && linked(*n, *at) && at->source == n->index &&
                                      life(*at) == one.life && at->log.size() + at->relay.size() >= n->log.size());
            }
            const auto& before = *n->view->acknowledgers;
            if (before.alone && !list.alone) n->as_leader = true;
            const bool only_grows = std::all_of(before.members.begin(), before.members.end(), [&](const auto& one) {
                return std::find(list.members.begin(), list.members.end(), one) != list.members.end();
            });
            if (!only_grows || before.alone) {
                if (!covered) return;
                list.base = position_of(n->log);
            }
            write_list(*n, list);
        });
    }
    void open(Node& node, const Acknowledgers& list, std::int64_t epoch) {
        if (node.self.epoch != epoch || now_ >= node.write_until_us) return;
        if (node.writable && node.self.served) {
            node.as_leader = !list.alone;
            return;
        }
        node.locked = barred(list);
        node.locks_unsure = node.closing = false;
        node.sql = false;
        node.source = -1;
        node.semi_replica = false;
        node.committed = node.log.size();
        node.as_leader = !list.alone;
        node.writable = true;
        node.opened_epoch = epoch;
        node.self.served = true;
        last_opened_ = std::max(last_opened_, epoch);
        ++result_.leaders;
        trace(node, "OPEN epoch " + std::to_string(epoch) + " log " + std::to_string(node.log.size()));
        for (const auto& one : acknowledged_) {
            if (std::find(node.log.begin(), node.log.end(), one) == node.log.end()) {
                fail(node.name + " opened without change " + std::to_string(one.id));
                break;
            }
        }
    }
    void announce(Node& node) {
        Leader leader = *node.view->leader;
        leader.open = true;
        leader.life = life(node);
        rewrite_key(node, leader, [this, n = &node](bool) {
            answer_command();
            busy(*n, kTickUs);
        });
    }
    void answer_command() {
        etcd_.command.reset();
        changed();
    }
    void rewrite_key(Node& node, const Leader& leader, std::function<void(bool)> then) {
        auto done = std::make_shared<std::int64_t>(0);
        busy(node, 2 * kSecondUs);
        ask_etcd(
            node,
            [this, leader, done] {
                if (!etcd_.leader || etcd_.leader->token != leader.token) return;
                changed();
                etcd_.leader = leader;
                *done = etcd_.leader_revision = etcd_.revision;
            },
            [this, n = &node, leader, done, then = std::move(then)](bool answered) {
                const bool written = answered && *done != 0;
                if (written) {
                    n->self.key_revision = *done;
                    known(*n, leader, n->view->acknowledgers, *done);
                }
                then(written);
            });
    }
    /// As in member_lead.cpp. Each step may be late, fail, or be the last of this agent or its server.
    void hand_over(Node& node, const Action& action) {
        node.self.handover.again_us = now_ + 300'000;
        node.self.handover.avoid = action.member;
        ++node.self.handover.holds;
        Leader leader = *node.view->leader;
        leader.open = false;
        leader.handover = action.member;
        rewrite_key(node, leader, [this, n = &node, to = action.member](bool written) {
            if (!written) return busy(*n, kTickUs);
            sql(*n, [this, n, to, generation = n->generation] {
                n->closing = true;
                hold(*n, to, generation, now_ + n->settings.timing.handover_hold_ms * 1'000);
            });
            busy(*n, 5 * kSecondUs);
        });
    }
    bool acts_on(const Node& node, int generation) const {
        return node.generation == generation && agent_runs(node) && server_runs(node);
    }
    void resume(Node& node) {
        node.closing = false;
        if (!node.self.token.empty()) node.writable = true;
        if (node.self.token.empty() || !node.view->leader) return busy(node, kTickUs);
        Leader leader = *node.view->leader;
        leader.open = true;
        rewrite_key(node, leader, [this, n = &node](bool) { busy(*n, kTickUs); });
    }
    void hold(Node& node, const std::string& to, int generation, std::int64_t deadline) {
        Node* n = &node;
        const int process = node.process;
        const auto again = [this, n, to, generation, deadline, process] {
            later(kTickUs, [this, n, to, generation, deadline, process] {
                // A server does not go on holding when its agent is gone; a new agent opens it again.
                if (n->process != process) return;
                if (!acts_on(*n, generation)) {
                    n->closing = false;
                    return busy(*n, kTickUs);
                }
                hold(*n, to, generation, deadline);
            });
        };
        if (now_ > deadline) return resume(node);
        if (node.committed < node.log.size()) return again();
        node.writable = false;
        const auto at = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& m) { return m.name == to; });
        const bool applied =
            server_runs(*at) && linked(node, *at) && at->source == node.index && at->log.size() >= node.log.size();
        if (!applied) return again();
        Acknowledgers list = *node.view->acknowledgers;
        list.preferred = to;
        list.base = position_of(node.log);
        list.closed = true;
        auto done = std::make_shared<bool>(false);
        ask_etcd(
            node,
            [this, list, done, expected = node.list_known_revision, key = node.self.key_revision] {
                const bool same = etcd_.list_revision == expected && etcd_.leader_revision == key;
                if (!same || !etcd_.leader || etcd_.leader->token != list.token) return;
                changed();
                etcd_.list = list;
                etcd_.list_revision = etcd_.revision;
                etcd_.leases.erase(etcd_.leader_lease);
                etcd_.leader.reset();
                *done = true;
            },
            [this, n, done](bool answered) {
                if (answered && !*done) return resume(*n);
                sql(*n, [this, n, generation = n->generation] {
                    n->as_leader = n->closing = false;
                    if (!acts_on(*n, generation)) return;
                    n->write_until_us = 0;
                    n->self.writable = n->self.as_leader = false;
                    ++result_.switchovers;
                    trace(*n, "hands over");
                    give_up(*n);
                });
            });
    }
    void follow(Node& node, const Action& action) {
        const auto source =
            std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& other) { return other.name == action.member; });
        sql(node, [this, n = &node, action, source = source->index, generation = node.generation] {
            if (n->generation != generation || !agent_runs(*n)) return;
            n->fencing = false;
            n->may_have_led = false;
            if (n->source == source && n->io && n->sql && n->semi_replica == action.acknowledging) {
                n->self.follows_epoch = action.epoch;
                return;
            }
            n->io = false;
            if (n->source != source || !n->sql) {
                // What was received is applied first; at times it cannot be, and is thrown away: another life.
                if (!n->relay.empty() && chance(200)) {
                    n->relay.clear();
                    ++n->lives;
                    n->semi_replica = false;
                    return;
                }
                for (const auto& one : n->relay)
                    n->log.push_back(one);
                n->relay.clear();
                n->committed = n->log.size();
            }
            n->source = source;
            n->semi_replica = action.acknowledging;
            n->io = n->sql = true;
            n->self.follows_epoch = action.epoch;
            n->self.vote.reset();
            if (!prefix(*n, nodes_[static_cast<std::size_t>(source)])) {
                n->parted = server_runs(nodes_[static_cast<std::size_t>(source)]) &&
                            nodes_[static_cast<std::size_t>(source)].opened_epoch == action.epoch;
            }
        });
    }
    void copy(Node& node) {
        for (auto& from : nodes_) {
            if (!node.view->leader || from.name != node.view->leader->name || !server_runs(from)) continue;
            kill(node, "copying");
            node.log = Log(from.log.begin(), from.log.begin() + static_cast<std::ptrdiff_t>(from.committed));
            node.committed = node.log.size();
            ++copies_;
        }
        busy(node, kSecondUs);
    }

    // --- faults
    void chaos() {
        // Most clusters see a fault every few seconds; the others never come to rest.
        if (options_.seed % 4 != 0 && !chance(200)) return;
        if (chance(6)) {
            Node& node = any();
            if (node.server == Self::Server::answers) kill(node, "killed");
        }
        if (chance(3)) any().hung_until = now_ + below(6 * kSecondUs);
        if (chance(2)) {
            Node& node = any();
            node.host_paused_until = now_ + below(6 * kSecondUs);
            trace(node, "host pauses until " + std::to_string(node.host_paused_until / 1'000));
        }
        if (chance(2)) {
            Node& node = any();
            node.agent_paused_until = now_ + below(5 * kSecondUs);
            trace(node, "agent pauses until " + std::to_string(node.agent_paused_until / 1'000));
        }
        if (chance(2)) {
            Node& node = any();
            if (!node.agent_dead) {
                node.agent_dead = true;
                node.agent_back_us = now_ + below(5 * kSecondUs);
                trace(node, "agent dies");
            }
        }
        if (chance(2)) {  // a host loses everybody, or etcd alone
            const auto a = static_cast<std::size_t>(below(static_cast<std::int64_t>(nodes_.size())));
            const bool peers = chance(600);
            const bool store = chance(700);
            trace(nodes_[a], std::string("cut") + (peers ? " from peers" : "") + (store ? " from etcd" : ""));
            for (std::size_t b = 0; b < nodes_.size(); ++b) {
                if (b != a && peers) cut_[a][b] = cut_[b][a] = true;
            }
            if (store) etcd_cut_[a] = true;
            later(below(8 * kSecondUs), [this, a] {
                for (std::size_t b = 0; b < nodes_.size(); ++b)
                    cut_[a][b] = cut_[b][a] = false;
                etcd_cut_[a] = false;
            });
        }
        if (chance(4) && etcd_.up && !etcd_.command) {
            const bool wanted = chance(500);
            etcd_.command = Command{Command::Kind::switchover, std::to_string(next_id_++),
                                    wanted ? any().name : std::string(), "", ""};
            changed();
        }
        if (chance(1) && etcd_.up) {
            if (options_.trace) std::printf("%8.3f etcd down\n", static_cast<double>(now_) / 1e6);
            etcd_.up = false;
            later(below(8 * kSecondUs), [this] { etcd_back(); });
        }
    }
    void etcd_back() {
        if (etcd_.up) return;
        etcd_.up = true;
        for (auto& [id, lease] : etcd_.leases)
            lease.until_us = now_ + 3 * kSecondUs;
        for (auto& [name, until] : etcd_.member_until_us)
            until = now_ + 3 * kSecondUs;
    }
    void heal() {
        if (options_.trace) std::printf("%8.3f all is well again\n", static_cast<double>(now_) / 1e6);
        etcd_back();
        for (auto& row : cut_)
            std::fill(row.begin(), row.end(), false);
        std::fill(etcd_cut_.begin(), etcd_cut_.end(), false);
        for (auto& node : nodes_) {
            node.host_paused_until = node.agent_paused_until = node.hung_until = 0;
            node.agent_back_us = now_;
        }
    }

    // --- checks
    const Node* open_leader() const {
        for (const auto& node : nodes_) {
            if (server_runs(node) && node.writable && now_ < node.write_until_us && etcd_.leader &&
                etcd_.leader->name == node.name && etcd_.leader->open) {
                return &node;
            }
        }
        return nullptr;
    }
    bool settled(std::int64_t before) const {
        const Node* leader = open_leader();
        if (leader == nullptr || result_.acknowledged < before + 20) return false;
        return std::all_of(nodes_.begin(), nodes_.end(), [&](const Node& node) {
            return &node == leader || (node.io && node.source == leader->index && node.semi_replica);
        });
    }
    std::string why() const {
        std::string text;
        for (const auto& node : nodes_) {
            const auto action = decide(node.settings, *node.view, node.self, now_);
            text += node.name + ": " + std::string(to_string(action.kind)) + " " + action.reason + " io " +
                    std::to_string(node.io) + " source " + std::to_string(node.source + 1) + " semi " +
                    std::to_string(node.semi_replica) + " log " + std::to_string(node.log.size()) + "/" +
                    std::to_string(node.committed) + " relay " + std::to_string(node.relay.size()) + " locked " +
                    std::to_string(node.locked.size()) + " follows " + std::to_string(node.self.follows_epoch) + "; ";
        }
        return text;
    }
    void check() {
        int may = 0;
        std::string who;
        for (const auto& node : nodes_) {
            if (!host_runs(node) || !node.writable || node.server != Self::Server::answers) continue;
            if (now_ < node.write_until_us) {
                ++may;
                who += node.name + " ";
            }
        }
        if (may > 1) fail("several may take writes: " + who);
    }

    const SimulationOptions options_;
    std::mt19937_64 random_;
    std::int64_t now_ = kSecondUs;
    std::multimap<std::int64_t, std::function<void()>> events_;
    Etcd etcd_;
    std::map<std::string, std::int64_t> published_us_;
    std::vector<Node> nodes_;
    std::vector<std::vector<bool>> cut_;
    std::vector<bool> etcd_cut_;
    std::vector<Write> acknowledged_;
    std::int64_t next_id_ = 1, last_opened_ = 0;
    int tokens_ = 0, copies_ = 0;
    SimulationResult result_;
};

}  // namespace

SimulationResult simulate(const SimulationOptions& options) {
    return Simulation(options).run();
}

}  // namespace stoa::cluster::database::testing
