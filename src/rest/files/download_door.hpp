#pragma once
// DownloadDoor: GET and HEAD of stored files by signed link (/rest/download.json?token=…) or public link (/~…).
// Range, If-None-Match, If-Range; files are offered for saving, with a content type of our own finding and nosniff, so
// that nothing a user uploaded can run in the portal's name. With presigned downloads a browser is sent to the store.
//
// Called on I/O threads. The database is read on the worker pool; the store answers on its own threads, so one that
// hangs holds nobody. Errors: 404 (gone), 403 (forged or expired link), 503 with Retry-After (store down, too much
// under way).

#include <memory>
#include <string>

#include "api/call.hpp"
#include "base/thread_pool.hpp"
#include "db/database.hpp"
#include "net/server.hpp"
#include "rest/files/file_options.hpp"
#include "rest/files/memory_share.hpp"

namespace stoa::rest {

class DownloadDoor {
  public:
    DownloadDoor(const api::Services& services, db::Database& database, ThreadPool& workers, const FileOptions& options,
                 MemoryShares& memory)
        : services_(services), database_(database), workers_(workers), options_(options), memory_(memory) {}

    static bool is_for(std::string_view path);
    void handle(net::Request& request, net::Responder responder);

  private:
    struct Job;
    void serve(const std::shared_ptr<Job>& job);
    void serve_link(const std::shared_ptr<Job>& job);
    void serve_public(const std::shared_ptr<Job>& job);
    Status find_file(db::Tx& tx, RecordId file, Job& job);
    void send_file(const std::shared_ptr<Job>& job);
    void fetch(const std::shared_ptr<Job>& job);

    const api::Services& services_;
    db::Database& database_;
    ThreadPool& workers_;
    const FileOptions& options_;
    MemoryShares& memory_;
};

}  // namespace stoa::rest
