#include "cluster/galera/component.hpp"

#include <pthread.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "base/file_util.hpp"
#include "base/log.hpp"
#include "base/thread_annotations.hpp"
#include "cluster/database/database_process.hpp"
#include "cluster/galera/member.hpp"

namespace stoa::cluster::galera {
namespace {

constexpr const char* kService = "mariadb";
constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::int64_t kFilesUs = 200'000;  ///< between looks for the service's files

/// The service of the agent: whether it is mariadbd yet, or still the script that waits for its word.
class AgentServer final : public ServerProcess {
  public:
    explicit AgentServer(node::AgentContext& context) : context_(context), dir_(context.service_dir(kService)) {}

    Seen look() override {
        Seen seen;
        for (const LiveService& service : context_.services()) {
            if (service.name != kService || service.pid <= 0) continue;
            const std::string pid = std::to_string(service.pid);
            std::string program;
            std::getline(std::ifstream("/proc/" + pid + "/comm"), program);
            // The installation of the data is a process of this service, too.
            if (program != "mariadbd" && program != "bash") continue;
            seen.life = database::process_identity(service.pid);
            seen.server = program == "mariadbd";
            std::istringstream file(read_file(dir_ + "/position", kFileBytesMax).value_or(""));
            std::string of_pid;
            std::string position;
            if (!seen.server && file >> of_pid >> position && of_pid == pid) seen.position = position_from(position);
        }
        return seen;
    }
    Status tell(const std::string& life, bool begins, const std::string& as) override {
        const std::string pid = life.substr(0, life.find('-'));
        return write_file_atomic(dir_ + "/role", (begins ? "bootstrap " : "join ") + pid + " " + as + "\n", 0600);
    }
    Status end(const std::string& reason) override { return context_.kill_service(kService, reason); }

  private:
    node::AgentContext& context_;
    const std::string dir_;
};

class MemberComponent final : public node::Component {
  public:
    ~MemberComponent() override { stop(); }
    std::string_view name() const override { return "galera"; }

    Status start(node::AgentContext& context) override {
        process_ = std::make_unique<AgentServer>(context);
        thread_ = std::thread([this, &context] {
            pthread_setname_np(pthread_self(), "galera-component");
            run(context);
        });
        return {};
    }
    void stop() override {
        {
            const MutexLock lock(mutex_);
            stopping_ = true;
            wake_.notify_all();
        }
        if (thread_.joinable()) thread_.join();
        member_.reset();
    }

  private:
    /// The file comes with the service's definition: later than the agent, and again when a host is added or removed.
    void run(node::AgentContext& context) {
        const std::string dir = context.service_dir(kService);
        std::string known;
        for (;;) {
            const auto group = read_file(dir + "/group", kFileBytesMax);
            if (group && *group != known) {
                known = *group;
                member_.reset();
                begin(context, dir, known);
            }
            MutexLock lock(mutex_);
            if (!stopping_) wake_.wait_us(mutex_, kFilesUs);
            if (stopping_) return;
        }
    }
    void begin(node::AgentContext& context, const std::string& dir, const std::string& group) {
        MemberOptions options;
        const std::string root = context.keys().root();  // "/stoa/<cluster>/"
        options.cluster = root.substr(6, root.size() - 7);
        options.settings.name = context.host();
        std::istringstream nodes(group);
        for (std::string name, address; nodes >> name >> address;) {
            options.settings.nodes.push_back(name);
            options.addresses[name] = address;
        }
        options.etcd = context.etcd().options();
        options.server.server = {dir + "/socket", 0};
        options.server.user = "root";
        member_ = std::make_unique<MemberRuntime>(std::move(options), *process_);
        member_->start();
    }

    std::unique_ptr<AgentServer> process_;
    std::unique_ptr<MemberRuntime> member_;
    std::thread thread_;
    Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<node::Component> make_member() {
    return std::make_unique<MemberComponent>();
}

}  // namespace stoa::cluster::galera
