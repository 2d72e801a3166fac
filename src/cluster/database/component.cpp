#include "cluster/database/component.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/statvfs.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "base/file_util.hpp"
#include "base/log.hpp"
#include "base/thread_annotations.hpp"
#include "cluster/database/member.hpp"
#include "cluster/limits.hpp"

namespace stoa::cluster::database {
namespace {

constexpr const char* kService = "mariadb";
constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::int64_t kFilesUs = 200'000;     ///< between looks for the service's files
constexpr std::int64_t kPolicyUs = 1'000'000;  ///< between looks whether the policy changed

/// A server that meets a full disk while it starts waits in there for a minute, whatever becomes of the disk
/// (MY_WAIT_FOR_USER_TO_FIX_PANIC in MariaDB's mysys); outside it can be started the moment there is room.
Status has_room(const std::string& dir) {
    struct statvfs disk {};
    if (::statvfs(dir.c_str(), &disk) != 0) return {};  // the start itself will say what is wrong
    const std::uint64_t free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    if (free_bytes >= limits::database_start_free_bytes) return {};
    return Error{Errc::unavailable, "The disk of " + dir + " has " + std::to_string(free_bytes >> 20) +
                                        " MB left. The database starts when there are " +
                                        std::to_string(limits::database_start_free_bytes >> 20) + "."};
}

/// The service of the agent: whether it is mariadbd yet, or still the script that waits for its role.
class AgentDatabase final : public DatabaseProcess {
  public:
    explicit AgentDatabase(node::AgentContext& context) : context_(context) {}

    pid_t pid() override {
        for (const auto& service : context_.services()) {
            if (service.name != kService || service.pid <= 0) continue;
            std::ifstream file("/proc/" + std::to_string(service.pid) + "/comm");
            std::string program;
            std::getline(file, program);
            return program == "mariadbd" ? service.pid : 0;
        }
        return 0;
    }
    Status start(bool as_leader) override {
        const std::string dir = context_.service_dir(kService);
        STOA_CHECK(has_room(dir));
        return write_file_atomic(dir + "/role", as_leader ? "MASTER\n" : "SLAVE\n", 0600);
    }
    void kill() override {
        if (const pid_t server = pid(); server > 0) ::kill(server, SIGKILL);
    }

  private:
    node::AgentContext& context_;
};

class MemberComponent final : public node::Component {
  public:
    ~MemberComponent() override { stop(); }
    std::string_view name() const override { return "database"; }

    Status start(node::AgentContext& context) override {
        STOA_CHECK(make_dir(context.work_dir() + "/database", 0700));
        process_ = std::make_unique<AgentDatabase>(context);
        thread_ = std::thread([this, &context] {
            pthread_setname_np(pthread_self(), "db-component");
            run(context);
        });
        return {};
    }
    void stop() override {
        {
            MutexLock lock(mutex_);
            stopping_ = true;
            wake_.notify_all();
        }
        if (thread_.joinable()) thread_.join();
        member_.reset();
    }

  private:
    /// The files come with the service's definition, which may come later than the agent.
    void run(node::AgentContext& context) {
        const std::string dir = context.service_dir(kService);
        for (;;) {
            const auto members = read_file(dir + "/members", kFileBytesMax);
            const auto accounts = read_file(dir + "/accounts", kFileBytesMax);
            if (member_ == nullptr && !failed_ && members && accounts) begin(context, dir, *members, *accounts);
            if (member_ != nullptr) {
                // It may change while the member runs.
                const auto policy = read_file(dir + "/policy", kFileBytesMax);
                if (policy) member_->set_policy(policy->starts_with("alarm"));
            }
            MutexLock lock(mutex_);
            if (!stopping_) wake_.wait_us(mutex_, member_ == nullptr ? kFilesUs : kPolicyUs);
            if (stopping_) return;
        }
    }
    void begin(node::AgentContext& context, const std::string& dir, const std::string& members,
               const std::string& accounts) {
        MemberOptions options;
        options.cluster = cluster_of(context);
        options.settings.name = context.host();
        options.settings.address = context.address() + ":3306";
        std::istringstream names(members);
        for (std::string name; std::getline(names, name);) {
            if (!name.empty()) options.settings.members.push_back(name);
        }
        std::istringstream passwords(accounts);
        std::getline(passwords, options.accounts.replication_password);
        std::getline(passwords, options.accounts.agent_password);
        options.etcd = context.etcd().options();
        options.work_dir = context.work_dir() + "/database";
        options.server.server = {dir + "/socket", 0};
        options.server.user = "root";
        options.reseed = {dir, context.address()};
        options.server_log = dir + "/output.log";
        auto member = std::make_unique<MemberRuntime>(std::move(options), *process_);
        if (const auto started = member->start(); !started) {
            failed_ = true;
            log::error("database_member",
                       {{"problem", started.error().message}, {"do", "see the work folder's rights"}});
            return;
        }
        member_ = std::move(member);
    }
    /// "/stoa/<cluster>/" → "<cluster>"
    static std::string cluster_of(node::AgentContext& context) {
        const std::string root = context.keys().root();
        return root.substr(6, root.size() - 7);
    }

    std::unique_ptr<AgentDatabase> process_;
    std::unique_ptr<MemberRuntime> member_;
    bool failed_ = false;
    std::thread thread_;
    Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<node::Component> make_member() {
    return std::make_unique<MemberComponent>();
}

}  // namespace stoa::cluster::database
