#include "files/scan/scanning_store.hpp"

#include <atomic>
#include <utility>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/thread_pool.hpp"
#include "files/blob_key.hpp"

namespace stoa::files {
namespace {

Counter& scans(const char* result) {
    return counter("stoa_virus_scans_total", "Files by what the virus scanner said", {{"result", result}});
}

class ScanningStore final : public Store {
  public:
    ScanningStore(std::unique_ptr<Store> store, Clamd scanner, bool accept_unscanned)
        : store_(std::move(store)),
          scanner_(std::move(scanner)),
          accept_unscanned_(accept_unscanned),
          seconds_(histogram("stoa_virus_scan_seconds", "Time of a virus scan")),
          pool_("virus scan", limits::virus_scan_workers, limits::virus_scan_queue_max) {}
    ~ScanningStore() override { close(); }

    void put(Blob blob, std::shared_ptr<const std::string> bytes, Done<BlobInfo> done) override {
        scan_then(
            std::move(blob), std::move(done), [bytes] { return Result(memory_source(bytes)); },
            [this, bytes](Blob b, Done<BlobInfo> d) { store_->put(std::move(b), bytes, std::move(d)); });
    }

    void put_file(Blob blob, std::string path, Done<BlobInfo> done) override {
        scan_then(
            std::move(blob), std::move(done), [path] { return file_source(path); },
            [this, path](Blob b, Done<BlobInfo> d) { store_->put_file(std::move(b), path, std::move(d)); });
    }

    void get(Blob blob, ByteRange range, Done<std::string> done) override {
        store_->get(std::move(blob), range, std::move(done));
    }
    void stat(Blob blob, Done<BlobInfo> done) override { store_->stat(std::move(blob), std::move(done)); }
    void remove(Blob blob, Done<bool> done) override { store_->remove(std::move(blob), std::move(done)); }
    std::optional<std::string> presigned_url(const Blob& blob, const DownloadAs& as) override {
        return store_->presigned_url(blob, as);
    }
    void close() override {
        stop_ = true;
        pool_.stop();
        store_->close();
    }

  private:
    using Keep = std::function<void(Blob, Done<BlobInfo>)>;

    void scan_then(Blob blob, Done<BlobInfo> done, std::function<Result<std::unique_ptr<Source>>()> open, Keep keep) {
        if (auto checked = check_blob(blob); !checked) return done(std::move(checked).error());
        // Shared with the task, so that a refused one can still be answered.
        auto answer = std::make_shared<Done<BlobInfo>>(std::move(done));
        const bool posted =
            pool_.post([this, blob = std::move(blob), answer, open = std::move(open), keep = std::move(keep)] {
                auto source = open();
                Status clean = source ? verdict_on(blob, **source) : Status(source.error());
                if (!clean) return (*answer)(std::move(clean).error());
                keep(blob, std::move(*answer));
            });
        if (!posted)
            (*answer)(Error{Errc::busy, "Too many files wait for the virus scanner. Try again shortly.", {}, {}, 5});
    }

    Status verdict_on(const Blob& blob, Source& source) {
        const std::int64_t from = system_clock().monotonic_us();
        const auto verdict = scanner_.scan(source, stop_);
        seconds_.observe(static_cast<double>(system_clock().monotonic_us() - from) / 1e6);
        if (verdict && !verdict->infected) return scans("clean").add(), Status();
        if (verdict) {
            scans("infected").add();
            log::warn("virus_found", {{"account", blob.account},
                                      {"key", blob.key},
                                      {"signature", verdict->signature},
                                      {"do", "nothing: it was refused"}});
            return invalid("The file contains a virus (" + verdict->signature + ").", "file");
        }
        const bool accepted = accept_unscanned_ && !stop_;
        scans(accepted ? "unscanned" : "refused").add();
        log::error("virus_scan_failed", {{"account", blob.account},
                                         {"key", blob.key},
                                         {"accepted", accepted},
                                         {"reason", verdict.error().message},
                                         {"do", "look at clamd, and at its StreamMaxLength"}});
        return accepted ? Status() : Status(verdict.error());
    }

    std::unique_ptr<Store> store_;
    const Clamd scanner_;
    const bool accept_unscanned_;
    Histogram& seconds_;
    std::atomic<bool> stop_{false};
    ThreadPool pool_;  ///< last: its tasks use what is above
};

}  // namespace

std::unique_ptr<Store> make_scanning_store(std::unique_ptr<Store> store, Clamd scanner, bool accept_unscanned) {
    return std::make_unique<ScanningStore>(std::move(store), std::move(scanner), accept_unscanned);
}

}  // namespace stoa::files
