#pragma once
// Servers: what is known about each database server, kept fresh by one probing thread per server, and the sessions
// with them. Says which takes writes and which replica may answer a read. Any thread.
//
// A server is the primary when the topology says so, or when it accepts writes (read_only=0; with Galera: it is part of
// a cluster with a majority). Of several, the one that was the primary stays it, else the first in order of preference;
// with Galera always the first in order, so that all processes agree.

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.hpp"
#include "db/mariadb/connection.hpp"
#include "db/mariadb/gtid.hpp"
#include "db/topology.hpp"

namespace stoa::db::mariadb {

struct ServersOptions {
    Credentials credentials;
    bool galera = false;
    std::size_t connections_per_server = 16;  ///< of each purpose
    int replica_lag_max_ms = 5'000;
};

class Servers {
  public:
    Servers(ServersOptions options, std::unique_ptr<Topology> topology);
    ~Servers();
    Servers(const Servers&) = delete;
    Servers& operator=(const Servers&) = delete;

    class Server;

    /// A session until it goes out of scope; then it is kept for the next one unless it is broken.
    class Lease {
      public:
        Lease() = default;
        Lease(Lease&& other) noexcept = default;
        Lease& operator=(Lease&& other) noexcept;
        ~Lease() { give_back(); }
        explicit operator bool() const { return connection_ != nullptr; }
        Connection& operator*() const { return *connection_; }
        Connection* operator->() const { return connection_.get(); }
        const std::shared_ptr<Server>& server() const { return server_; }
        void give_back();

      private:
        friend class Servers;
        std::unique_ptr<Connection> connection_;
        std::shared_ptr<Server> server_;
        Servers* servers_ = nullptr;
        Purpose purpose_ = Purpose::read;
    };

    /// Waits for a primary and a session with it. Errors: unavailable (none until the deadline; says why), busy.
    Result<Lease> primary(Purpose purpose, std::int64_t deadline_us);
    /// One that is at hand: nothing when there is no primary, or no idle session with it. Never waits.
    std::optional<Lease> idle_primary() STOA_EXCLUDES(mutex_);
    /// A replica that has reached `at_least` as far as is known, or has within wait_us; nothing: take the primary.
    /// With `only_idle` a session that is at hand. Errors: must_wait() when there is none.
    Result<std::optional<Lease>> replica(std::string_view at_least, std::int64_t wait_us, std::int64_t deadline_us,
                                         bool only_idle = false);
    bool has_replicas() const { return replicas_.load(std::memory_order_relaxed) > 0; }

    /// See Database::when_replicas_have().
    void when_replicas_have(std::string_view position, std::function<void()> then) STOA_EXCLUDES(mutex_);

    /// A session with it broke or was refused a write: look at it at once.
    void suspect(const std::shared_ptr<Server>& server, Trouble trouble) STOA_EXCLUDES(mutex_);
    void close() STOA_EXCLUDES(mutex_);

    struct View {
        std::string address;
        std::string role;  ///< primary, replica, down, unknown
        std::int64_t lag_ms = 0;
        std::string problem;
    };
    std::vector<View> views() const STOA_EXCLUDES(mutex_);

  private:
    enum class Role : std::uint8_t { unknown, primary, replica, down };
    struct Probe;

    void follow_topology();
    void topology_changed() STOA_EXCLUDES(mutex_);
    void probe_loop(const std::shared_ptr<Server>& server);
    std::int64_t probe(const std::shared_ptr<Server>& known);
    void note_probe(Server& server, const Probe& found) STOA_EXCLUDES(mutex_);
    void choose_primary() STOA_REQUIRES(mutex_);
    void measure_lag(Server& server, const GtidPosition& position) STOA_REQUIRES(mutex_);
    static bool waits_for(Connection& replica, std::string_view position, std::int64_t wait_us);
    Error no_primary() const STOA_REQUIRES(mutex_);
    std::optional<Lease> idle(const std::shared_ptr<Server>& server, Purpose purpose) STOA_REQUIRES(mutex_);
    Result<Lease> lease(const std::shared_ptr<Server>& server, Purpose purpose, std::int64_t deadline_us)
        STOA_EXCLUDES(mutex_);
    /// The session is counted already.
    Result<Lease> open_counted(const std::shared_ptr<Server>& server, Purpose purpose, std::int64_t deadline_us)
        STOA_EXCLUDES(mutex_);
    bool is_next(const Server& server) const STOA_REQUIRES(mutex_);
    void warm_up(const std::shared_ptr<Server>& server) STOA_EXCLUDES(mutex_);
    void take_back(Server& server, Purpose purpose, std::unique_ptr<Connection> connection) STOA_EXCLUDES(mutex_);

    const ServersOptions options_;
    DeadlineWatch watch_;
    std::unique_ptr<Topology> topology_;

    mutable Mutex mutex_;
    CondVar changed_;   ///< the primary, or closing
    CondVar moved_;     ///< the topology says something new, or closing
    CondVar returned_;  ///< a session
    int waiting_ STOA_GUARDED_BY(mutex_) = 0;
    std::vector<std::shared_ptr<Server>> servers_ STOA_GUARDED_BY(mutex_);
    std::shared_ptr<Server> primary_ STOA_GUARDED_BY(mutex_);
    std::optional<ServerAddress> decided_ STOA_GUARDED_BY(mutex_);
    std::optional<ServerAddress> next_ STOA_GUARDED_BY(mutex_);
    std::array<std::size_t, 3> wanted_sessions_ STOA_GUARDED_BY(mutex_){};  ///< by purpose: the last primary's
    bool topology_moved_ STOA_GUARDED_BY(mutex_) = false;
    bool closing_ STOA_GUARDED_BY(mutex_) = false;
    /// When the primary stood where: tells how old what a replica has is.
    struct Mark {
        std::int64_t at_us;
        GtidPosition position;
    };
    std::deque<Mark> marks_ STOA_GUARDED_BY(mutex_);
    std::atomic<int> replicas_{0};
    std::atomic<std::uint64_t> next_replica_{0};
    std::thread topology_thread_;

    struct Awaited {
        GtidPosition position;
        std::int64_t until_us;
        std::function<void()> then;
    };
    void await_loop();
    std::vector<Awaited> take_awaited() STOA_EXCLUDES(mutex_);
    bool somebody_may_read_before(const GtidPosition& position) const STOA_REQUIRES(mutex_);
    std::vector<Awaited> awaited_ STOA_GUARDED_BY(mutex_);
    CondVar await_;                                     ///< something to wait for, or a replica has got further
    std::thread await_thread_ STOA_GUARDED_BY(mutex_);  ///< begins with the first
};

}  // namespace stoa::db::mariadb
