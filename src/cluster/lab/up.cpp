#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "base/clock.hpp"
#include "base/file_util.hpp"
#include "base/random.hpp"
#include "cluster/lab/certificate.hpp"
#include "cluster/lab/command.hpp"
#include "cluster/lab/host.hpp"
#include "cluster/lab/lab.hpp"
#include "cluster/lab/layout.hpp"
#include "cluster/lab/store.hpp"
#include "cluster/plan/apply.hpp"
#include "cluster/plan/engines/engines.hpp"
#include "cluster/state/keys.hpp"
#include "json/parse.hpp"
#include "net/http_client.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr int kLookMs = 150;
constexpr int kRegisterMs = 20'000;
constexpr int kAccountMs = 120'000;
constexpr std::size_t kSecretLetters = 24;
constexpr std::size_t kDirLettersMax = 60;  // sockets of engines lie deep below it, and their names are bounded

struct Need {
    const char *program, *package;
};
std::vector<Need> needs(const LabOptions& options) {
    std::vector<Need> all{{"ip", "iproute2"},         {"openssl", "openssl"},       {"etcd", "etcd-server"},
                          {"haproxy", "haproxy"},     {"keepalived", "keepalived"}, {"mount", "mount"},
                          {"mkfs.ext4", "e2fsprogs"}, {"nft", "nftables"}};
    if (options.topology != Topology::single) {
        const Need more[] = {{"mariadbd", "mariadb-server"},    {"mariadb-admin", "mariadb-client"},
                             {"redis-server", "redis-server"},  {"redis-cli", "redis-tools"},
                             {"memcached", "memcached"},        {"glusterfsd", "glusterfs-server"},
                             {"glusterfs", "glusterfs-client"}, {"setfattr", "attr"},
                             {"fusermount3", "fuse3"}};
        all.insert(all.end(), std::begin(more), std::end(more));
    }
    if (options.topology == Topology::galera) {
        const Need more[] = {
            {"mariadb-backup", "mariadb-backup"}, {"socat", "socat"}, {"/usr/lib/galera/libgalera_smm.so", "galera-4"}};
        all.insert(all.end(), std::begin(more), std::end(more));
    }
    if (options.clocks) all.push_back({"faketime", "faketime"});
    if (options.app == "php") {
        const Need more[] = {{"nginx", "nginx-light"}, {"php-fpm8.2", "php8.2-fpm php-redis php8.2-mysql"}};
        all.insert(all.end(), std::begin(more), std::end(more));
    }
    return all;
}

Status check_machine(const LabOptions& options, const std::string& dir) {
    if (::geteuid() != 0)
        return forbidden("A lab needs root: it makes network namespaces and mounts. Try: sudo stoa lab up");
    std::string missing;
    for (const Need& need : needs(options)) {
        const bool there =
            need.program[0] == '/' ? ::access(need.program, R_OK) == 0 : !find_program(need.program).empty();
        if (!there) missing += std::string(" ") + need.package;
    }
    if (!missing.empty()) return not_found("Programs are missing. Install them: apt install" + missing);
    if (find_program(options.program).empty()) return not_found("There is no program " + options.program + ".");
    if (options.topology != Topology::single && ::access("/dev/fuse", R_OK | W_OK) != 0)
        return not_found("There is no /dev/fuse, so files cannot be shared. Try: stoa lab up --topology single");
    if (dir.size() > kDirLettersMax)
        return invalid("The folder's name is too long for the sockets in it, " + std::to_string(kDirLettersMax) +
                           " letters at most. Choose another: --dir /tmp/lab",
                       "dir");
    if (std::error_code none; std::filesystem::exists(dir, none) && !std::filesystem::is_empty(dir, none))
        return Error{Errc::conflict, dir + " is there already and holds no lab. Choose another folder: --dir", "dir"};
    return {};
}

class Starter {
  public:
    explicit Starter(const LabOptions& options) : options_(options), begin_us_(system_clock().monotonic_us()) {}

    Result<LabInfo> run(const std::string& dir) {
        info_.dir = dir;
        info_.id = id_of(dir);
        options_.dir = dir;
        STOA_CHECK(check_machine(options_, dir));
        if (!spaces("stoa-" + info_.id + "-").empty())
            return Error{Errc::conflict,
                         "Namespaces stoa-" + info_.id + "-… are left over. Remove them: stoa lab down --dir " + dir};
        STOA_TRY(info_.network, choose_network(options_.network));
        STOA_TRY(spec_, make_spec(options_, info_.id, info_.network));
        plan_ = plan_services(spec_);
        describe();
        STOA_CHECK(make_dir(dir, 0700));
        STOA_CHECK(save(info_));
        const Status made = make();
        if (!made) return made.error();
        info_.state = "up";
        info_.ready_ms = passed_ms();
        STOA_CHECK(save(info_));
        say("all is well");
        return info_;
    }

    /// Starts what is dead in a lab that is up.
    Result<LabInfo> again(LabInfo info) {
        info_ = std::move(info);
        STOA_TRY(spec_, load_spec(spec_file(info_)));
        plan_ = plan_services(spec_);
        std::vector<std::string> dead;
        for (const LabNode& node : info_.nodes) {
            if (node.role == "client" || agent_runs(info_, node)) continue;
            say(node.name + ": its agent is dead, starting it");
            dead.push_back(node.name);
        }
        for (const std::string& name : dead)
            STOA_CHECK(heal_host(info_, name));
        STOA_CHECK(wait_until_well());
        info_.already_up = true;
        return info_;
    }

  private:
    void describe() {
        info_.state = "starting";
        info_.topology = to_string(options_.topology);
        info_.app = options_.app;
        info_.url = spec_.public_url;
        info_.ca_file = info_.dir + "/ca.pem";
        info_.switch_space = space_of(info_.id, "switch");
        info_.program = options_.program;
        info_.clocks = options_.clocks;
        info_.nodes.push_back({"cl", "client", space_of(info_.id, "cl"), 0, front(info_.network, 100)});
        for (const HostSpec& host : spec_.hosts)
            info_.nodes.push_back({host.name, host.role, space_of(info_.id, host.name), 0, host.address});
    }

    Status make() {
        say("network 10." + std::to_string(info_.network) + ".0.0/16, " + std::to_string(spec_.hosts.size()) +
            " hosts");
        Status certificates, folders;
        std::thread certificate_maker([&] { certificates = make_secrets(); });
        std::thread folder_maker([&] { folders = make_folders(); });
        const Status network = make_network(network_of());
        certificate_maker.join();
        folder_maker.join();
        STOA_CHECK(network);
        STOA_CHECK(certificates);
        STOA_CHECK(folders);
        STOA_CHECK(write_file_atomic(spec_file(info_), "# Written by stoa lab up. `stoa cluster … --cluster-dir " +
                                                           info_.dir + "` works on it.\n" + to_toml(spec_)));
        for (LabNode& node : info_.nodes) {
            if (node.role == "client") continue;
            STOA_CHECK(write_host_files(info_, node, spec_, plan_.hosts.at(node.name)));
            STOA_TRY(node.pid, start_agent(info_, node));
        }
        STOA_CHECK(save(info_));
        say("agents started");
        STOA_CHECK(apply_spec());
        Status account;
        std::thread account_maker([&] {
            if (spec_.portal()) account = make_account();
        });
        const Status well = wait_until_well();
        account_maker.join();
        STOA_CHECK(well);
        STOA_CHECK(account);
        return wait_until_reached();
    }

    /// As a user does: over the floating address, with the lab's certificate.
    Status wait_until_reached() const {
        Status result;
        inside(info_.node("cl")->name_space, [&] {
            for (;;) {
                net::ClientRequest request;
                request.url = info_.url + "/ready";
                request.timeout_ms = 2'000;
                request.allow_private_targets = true;
                request.ca_file = info_.ca_file;
                const auto response = net::fetch(request);
                if (response && response->status == 200) return;
                if (passed_ms() > options_.ready_ms) {
                    result = Error{Errc::timeout,
                                   info_.url + " does not answer: " +
                                       (response ? std::to_string(response->status) : response.error().message)};
                    return;
                }
                pause();
            }
        });
        return result;
    }

    Network network_of() const {
        Network network{info_.network, info_.id, info_.switch_space, {}};
        for (const LabNode& node : info_.nodes)
            network.hosts.push_back(network_host(info_, node));
        return network;
    }

    Status make_secrets() {
        const std::string dir = secrets_dir(info_);
        STOA_CHECK(make_dir(dir, 0700));
        for (const char* name :
             {engines::kDatabasePassword, engines::kReplicaPassword, engines::kRedisPassword, engines::kPushKey})
            STOA_CHECK(write_file_atomic(dir + "/" + name, random_alnum(kSecretLetters), 0600));
        return make_certificates(info_.dir, dir + "/" + engines::kCertificate, front(info_.network, 10));
    }

    Status make_folders() {
        for (const LabNode& node : info_.nodes) {
            if (node.role != "client") STOA_CHECK(make_host_dir(info_, node));
        }
        return {};
    }

    Status apply_spec() {
        Status result;
        inside(info_.switch_space, [&] {
            etcd::Client etcd({etcd_endpoints(spec_)});
            while (!etcd.get("/stoa/" + spec_.name + "/spec")) {
                if (passed_ms() > options_.ready_ms) {
                    result = Error{Errc::timeout, "etcd does not answer. See " + host_dir(info_, "et1")};
                    return;
                }
                pause();
            }
            say("etcd answers");
            // Before the cluster has a description, so that nobody takes a host that is not there yet for a lost one.
            const std::int64_t registered_by_ms = passed_ms() + kRegisterMs;
            while (!all_registered(etcd) && passed_ms() < registered_by_ms)
                pause();
            ApplyOptions apply_options;
            apply_options.portal_version = version();
            apply_options.wait = false;
            const auto applied = apply(etcd, spec_, apply_options);
            if (!applied) result = applied.error();
        });
        return result;
    }

    bool all_registered(etcd::Client& etcd) const {
        const auto state = read_state(etcd, spec_.name);
        return state && std::all_of(spec_.hosts.begin(), spec_.hosts.end(),
                                    [&](const HostSpec& host) { return state->live.contains(host.name); });
    }

    /// Of the program that the hosts run, which need not be this one.
    std::string version() const {
        const auto said = run_well({{options_.program, "version", "--json"}, {}, {}, 10'000});
        const auto parsed = said ? json::parse(*said) : Result<json::Value>(said.error());
        const json::Value* value = parsed ? parsed->find("version") : nullptr;
        return value ? value->as_text().value_or("") : "";
    }

    /// Every service of every host, told line by line.
    Status wait_until_well() {
        Status result;
        inside(info_.switch_space, [&] {
            etcd::Client etcd({etcd_endpoints(spec_)});
            std::set<std::string> told;
            for (;;) {
                std::string waiting;
                if (const auto state = read_state(etcd, spec_.name)) waiting = not_well(*state, told);
                if (waiting.empty() && !told.empty()) return;
                if (passed_ms() > options_.ready_ms) {
                    result = Error{Errc::timeout,
                                   "After " + std::to_string(options_.ready_ms / 1000) +
                                       " s not all is well: " + (waiting.empty() ? "etcd does not answer" : waiting)};
                    return;
                }
                pause();
            }
        });
        return result;
    }

    /// What is missing, for people; hosts that are complete are told once.
    std::string not_well(const ClusterState& state, std::set<std::string>& told) const {
        std::string waiting;
        for (const auto& [host, services] : plan_.hosts) {
            const auto live = state.live.find(host);
            std::string of_host;
            for (const Service& service : services) {
                const LiveService* its = live == state.live.end() ? nullptr : live->second.service(service.name);
                if (its && its->state == ServiceState::well) continue;
                of_host += " " + service.name;
                if (its)
                    of_host += " is " + std::string(to_string(its->state)) +
                               (its->problem.empty() ? "" : " (" + its->problem + ")");
            }
            if (!of_host.empty()) {
                waiting += (waiting.empty() ? "" : "; ") + host + ":" + of_host;
            } else if (told.insert(host).second) {
                say(host + " is well");
            }
        }
        return waiting;
    }

    Status make_account() {
        const std::string host = spec_.of_role("web").front()->name;
        const std::string config = host_dir(info_, host) + "/web/stoa.toml";
        // Its database must be there first; the web service is well as soon as it is.
        while (!web_answers(host)) {
            if (passed_ms() > options_.ready_ms)
                return Error{Errc::timeout, host + " does not answer. See " + host_dir(info_, host)};
            pause();
        }
        Command command{{options_.program, "account", "create", "--config", config, "--url", info_.url, "--json"},
                        {},
                        info_.node(host)->name_space,
                        kAccountMs};
        if (options_.demo) command.argv.emplace_back("--demo");
        STOA_TRY(const Output output, lab::run(command));
        const auto answer = json::parse(output.out);
        const json::Value* link = answer ? answer->find("admin_login_link") : nullptr;
        const json::Value* webhook = answer ? answer->find("webhook_url") : nullptr;
        if (output.exit_code != 0 || !link || !webhook)
            return internal_error("The account could not be made: " + (output.err.empty() ? output.out : output.err));
        info_.admin_link = link->as_text().value_or("");
        info_.webhook_url = webhook->as_text().value_or("");
        // Another, for drills: each works once.
        Command another{{options_.program, "user", "login-link", "--config", config, "--admin", "--json"},
                        {},
                        info_.node(host)->name_space,
                        kAccountMs};
        STOA_TRY(const std::string second, run_well(another));
        const auto parsed = json::parse(second);
        if (const json::Value* found = parsed ? parsed->find("link") : nullptr)
            info_.login_link = found->as_text().value_or("");
        say(options_.demo ? "account with demo data is made" : "account is made");
        return {};
    }

    bool web_answers(const std::string& host) const {
        const std::string address = spec_.host(host)->address + ":" + std::to_string(spec_.web.port);
        bool answers = false;
        inside(info_.switch_space, [&] {
            net::ClientRequest request;
            request.url = "http://" + address + "/ready";
            request.timeout_ms = 1'000;
            request.allow_private_targets = true;
            const auto response = net::fetch(request);
            answers = response && response->status == 200;
        });
        return answers;
    }

    std::int64_t passed_ms() const { return (system_clock().monotonic_us() - begin_us_) / 1000; }
    static void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(kLookMs)); }
    void say(const std::string& line) const {
        if (!options_.progress) return;
        const std::int64_t tenths = passed_ms() / 100;
        options_.progress(std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s  " + line);
    }

    LabOptions options_;
    const std::int64_t begin_us_;
    LabInfo info_;
    ClusterSpec spec_;
    Plan plan_;
};

}  // namespace

Result<LabInfo> up(const LabOptions& options) {
    const std::string dir = absolute_dir(options.dir);
    if (::geteuid() != 0)
        return forbidden("A lab needs root: it makes network namespaces and mounts. Try: sudo stoa lab up");
    STOA_TRY(const Fd lock, lock_lab(dir));
    if (const auto there = load(dir)) {
        if (there->state == "up") return Starter(options).again(*there);
        if (options.progress) options.progress("a lab that was not finished is removed first");
        STOA_CHECK(remove_lab(dir, options.progress));
    }
    Starter starter(options);
    auto started = starter.run(dir);
    if (started) return started;
    // What was made goes again, unless somebody should look at it.
    if (load(dir) && started.error().code != Errc::timeout) (void)remove_lab(dir, {});
    return started;
}

}  // namespace stoa::cluster::lab
