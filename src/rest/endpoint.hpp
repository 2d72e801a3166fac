#pragma once
// Endpoint: every path under /rest/, and public links (/~…). Turns a request into one method call (or a batch) inside
// one transaction, and its result into the answer the protocol describes. Knows no module: methods come from the
// MethodTable.
//
// handle() is called on I/O threads and does not block: point reads run at once, other reads on the worker pool, writes
// wait in the database's queue and are answered from its committing thread. Large bodies are parsed on the pool.
// Limits: RestOptions; a full pool or queue answers 503 with Retry-After. Must outlive server, pool and database users:
// stop the server, then the pool, then close the database, then destroy the Endpoint.

#include <string>
#include <vector>

#include "api/call.hpp"
#include "api/identity.hpp"
#include "api/method.hpp"
#include "base/fibers.hpp"
#include "base/thread_pool.hpp"
#include "db/database.hpp"
#include "net/server.hpp"
#include "rest/exchange.hpp"
#include "rest/files/download_door.hpp"
#include "rest/files/file_intake.hpp"
#include "rest/files/upload_door.hpp"
#include "rest/leaky_buckets.hpp"
#include "rest/request_head.hpp"

namespace stoa::rest {

struct RestOptions {
    /// Address blocks of balancers: their X-Request-Id and X-Forwarded-For are believed.
    std::vector<std::string> trusted_proxies;
    double bucket_size = 5'000;  ///< requests one source may send to one portal at once; 0 = no limit
    double bucket_drain_per_s = 500;
    int operating_limit_s = 0;                      ///< per method and credential in ten minutes; 0 = no limit
    std::size_t inline_body_bytes_max = 64 * 1024;  ///< larger bodies are parsed on the worker pool
    int hold_ms = 15'000;  ///< how long a write may wait for its turn, or for a database that takes writes
    FileOptions files{};
};

class Endpoint {
  public:
    /// The method table must be complete. Throws std::invalid_argument when options are wrong (a start-up error).
    Endpoint(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
             ThreadPool& workers, const RestOptions& options);
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    void handle(net::Request& request, net::Responder responder);

  private:
    void serve(net::Request& request, Exchange exchange);
    bool serve_by_fiber(net::Request& request, Exchange& exchange, Fibers& fibers);
    Status prepare(net::Request& request, Exchange& exchange);
    Status identify(const Route& route, std::string_view auth, const RequestHead& head, std::string_view client,
                    Exchange& exchange);
    Status prepare_call(Exchange& exchange);
    Status choose_key(const RequestHead& head, bool trusted, Exchange& exchange);
    void dispatch(Exchange exchange);
    void run_read(Exchange& exchange);
    void run_write(const std::shared_ptr<Exchange>& exchange);
    void take_files(Exchange exchange);
    void finish_write(const std::shared_ptr<Exchange>& exchange, Result<db::WriteOutcome> outcome);
    void answer_replay(const std::shared_ptr<Exchange>& exchange, std::string stored);
    /// The envelope up to the time block.
    Result<std::string> produce(Exchange& exchange, model::Records& records, db::WriteTx* write_tx);

    const api::Services& services_;
    const Clock& clock_;
    db::Database& database_;
    api::Authenticator& authenticator_;
    ThreadPool& workers_;
    const RestOptions options_;
    TrustedProxies proxies_;
    MethodIndex methods_;
    LeakyBuckets buckets_;
    OperatingMeter operating_;
    MemoryShares file_memory_;
    FileIntake intake_;
    UploadDoor uploads_;
    DownloadDoor downloads_;
};

}  // namespace stoa::rest
