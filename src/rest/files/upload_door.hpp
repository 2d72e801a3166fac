#pragma once
// UploadDoor: POST (or PUT) to /rest/upload.json?token=…, the second step of uploads that do not carry the file in the
// call itself: multipart/form-data with the file in the field `file`, or the plain bytes. The ticket names the method,
// its other parameters and the user; the file is added as `fileContent`. Posting the same file to the same address
// again has one effect. Called on I/O threads; the work is done on the worker pool.

#include <functional>
#include <memory>

#include "api/call.hpp"
#include "api/file_links.hpp"
#include "api/identity.hpp"
#include "base/thread_pool.hpp"
#include "db/database.hpp"
#include "net/server.hpp"
#include "rest/exchange.hpp"
#include "rest/files/file_intake.hpp"
#include "rest/method_index.hpp"

namespace stoa::rest {

class UploadDoor {
  public:
    using Run = std::function<void(const std::shared_ptr<Exchange>&)>;  ///< the write, once the file is in the store

    UploadDoor(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
               ThreadPool& workers, const MethodIndex& methods, FileIntake& intake, Run run);

    static bool is_for(std::string_view path);
    void handle(net::Request& request, Exchange exchange);

  private:
    Status prepare(net::Request& request, Exchange& exchange, std::vector<api::FileContent>& contents);
    Result<api::FileTicket> ticket_of(std::string_view token);

    const api::Services& services_;
    db::Database& database_;
    api::Authenticator& authenticator_;
    ThreadPool& workers_;
    const MethodIndex& methods_;
    FileIntake& intake_;
    const Run run_;
};

}  // namespace stoa::rest
