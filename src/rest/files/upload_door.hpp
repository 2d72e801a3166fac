#pragma once
// UploadDoor: POST (or PUT) to /rest/upload.json?token=…, the second step of uploads that do not carry the file in the
// call itself: multipart/form-data with the file in the field `file`, or the plain bytes. The ticket names the method,
// its other parameters and the user; the file is added as `fileContent`. Posting the same file to the same address
// again has one effect.
//
// A large file comes in parts, each with a Content-Range, to any process; see docs/api.md:
//   bytes FIRST-LAST/TOTAL   a part. It counts when it begins where the upload stands; else nothing happens.
//   bytes */TOTAL            how far is it?
// 308 with `Range: bytes=0-LAST` says what is there (no Range: nothing yet); the last part, and a question after it,
// get the answer of the method. A part that is durable stays: kill anything, ask, go on.
//
// Called on I/O threads; the work is done on the worker pool.

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
#include "rest/files/upload_assembly.hpp"
#include "rest/method_index.hpp"

namespace stoa::rest {

class UploadDoor {
  public:
    using Run = std::function<void(const std::shared_ptr<Exchange>&)>;  ///< the write, once the file is in the store

    UploadDoor(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
               ThreadPool& workers, const MethodIndex& methods, FileIntake& intake, const FileOptions& options,
               int hold_ms, Run run);

    static bool is_for(std::string_view path);
    void handle(net::Request& request, Exchange exchange);

  private:
    struct Part;
    Status prepare(net::Request& request, Exchange& exchange, std::vector<api::FileContent>& contents);
    Status identify(const std::string& token, bool in_parts, Exchange& exchange);
    Result<api::FileTicket> ticket_of(std::string_view token, bool in_parts);

    void serve_part(net::Request& request, const std::shared_ptr<Exchange>& exchange);
    Result<Part> read_part(net::Request& request, Exchange& exchange);
    void store_part(const std::shared_ptr<Exchange>& exchange, const std::shared_ptr<Part>& part);
    void note_part(const std::shared_ptr<Exchange>& exchange, const std::shared_ptr<Part>& part);
    void go_on(const std::shared_ptr<Exchange>& exchange, const Part& part, const UploadRecord& upload);
    void finish(const std::shared_ptr<Exchange>& exchange, const Part& part, const UploadRecord& upload,
                const std::string& blob);

    const api::Services& services_;
    db::Database& database_;
    api::Authenticator& authenticator_;
    ThreadPool& workers_;
    const MethodIndex& methods_;
    FileIntake& intake_;
    const int hold_ms_;
    const Run run_;
    UploadAssembly assembly_;
};

}  // namespace stoa::rest
