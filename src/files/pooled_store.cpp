#include "files/pooled_store.hpp"

#include <atomic>
#include <utility>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/metrics.hpp"
#include "files/blob_key.hpp"

namespace stoa::files {
namespace {

constexpr std::int64_t kTidyEveryUs = 3'600'000'000;
constexpr std::int64_t kTidyAgainUs = 2'000'000;  ///< while something is known to be left behind

const char* result_name(const Error& error) {
    switch (error.code) {
        case Errc::not_found:
            return "not_found";
        case Errc::busy:
        case Errc::unavailable:
        case Errc::timeout:
            return "refused";
        default:
            return "failed";
    }
}

/// The metrics of one kind of operation. Shared with the answers on their way.
class Meter : public std::enable_shared_from_this<Meter> {
  public:
    Meter(const std::string& store, const std::string& operation)
        : seconds_(histogram("stoa_files_seconds", "Time of a file operation, waiting included",
                             {{"store", store}, {"operation", operation}})),
          store_(store),
          operation_(operation),
          ok_(results("ok")) {}

    template <class T>
    Done<T> measure(Done<T> done) {
        return [self = shared_from_this(), done = std::move(done),
                from = system_clock().monotonic_us()](Result<T> result) {
            self->count(from, result.ok() ? nullptr : &result.error());
            done(std::move(result));
        };
    }

  private:
    void count(std::int64_t from, const Error* error) {
        seconds_.observe(static_cast<double>(system_clock().monotonic_us() - from) / 1e6);
        (error ? results(result_name(*error)) : ok_).add();
    }
    Counter& results(const char* result) {
        return counter("stoa_files_operations_total", "File operations by how they ended",
                       {{"store", store_}, {"operation", operation_}, {"result", result}});
    }

    Histogram& seconds_;
    std::string store_;
    std::string operation_;
    Counter& ok_;
};

class PooledStore final : public Store {
  public:
    PooledStore(std::shared_ptr<Backend> backend, GuardedPool::Options options)
        : backend_(std::move(backend)),
          put_(std::make_shared<Meter>(options.name, "put")),
          get_(std::make_shared<Meter>(options.name, "get")),
          stat_(std::make_shared<Meter>(options.name, "stat")),
          remove_(std::make_shared<Meter>(options.name, "remove")),
          pool_(std::move(options)) {}

    Status start() { return pool_.start(); }

    void put(Blob blob, std::shared_ptr<const std::string> bytes, Done<BlobInfo> done) override {
        tidy_when_due();
        submit<BlobInfo>(*put_, std::move(blob), std::move(done),
                         [bytes = std::move(bytes)](Backend& backend, const Blob& b, Beat& beat) {
                             const auto source = memory_source(bytes);
                             return backend.put(b, *source, beat);
                         });
    }

    void put_file(Blob blob, std::string path, Done<BlobInfo> done) override {
        tidy_when_due();
        submit<BlobInfo>(*put_, std::move(blob), std::move(done),
                         [path = std::move(path)](Backend& backend, const Blob& b, Beat& beat) -> Result<BlobInfo> {
                             STOA_TRY(const auto source, file_source(path));
                             return backend.put(b, *source, beat);
                         });
    }

    void get(Blob blob, ByteRange range, Done<std::string> done) override {
        submit<std::string>(
            *get_, std::move(blob), std::move(done),
            [range](Backend& backend, const Blob& b, Beat& beat) { return backend.get(b, range, beat); });
    }

    void stat(Blob blob, Done<BlobInfo> done) override {
        submit<BlobInfo>(*stat_, std::move(blob), std::move(done),
                         [](Backend& backend, const Blob& b, Beat& beat) { return backend.stat(b, beat); });
    }

    void remove(Blob blob, Done<bool> done) override {
        submit<bool>(*remove_, std::move(blob), std::move(done),
                     [](Backend& backend, const Blob& b, Beat& beat) { return backend.remove(b, beat); });
    }

    std::optional<std::string> presigned_url(const Blob& blob, const DownloadAs& as) override {
        if (!check_blob(blob)) return std::nullopt;
        return backend_->presigned_url(blob, as);
    }

    void close() override { pool_.close(); }

  private:
    template <class T, class Work>
    void submit(Meter& meter, Blob blob, Done<T> done, Work work) {
        if (auto checked = check_blob(blob); !checked) return done(std::move(checked).error());
        // The backend is shared with the work: a thread that hangs outlasts this store.
        pool_.submit<T>([backend = backend_, blob = std::move(blob),
                         work = std::move(work)](Beat& beat) -> Result<T> { return work(*backend, blob, beat); },
                        meter.measure<T>(std::move(done)));
    }

    void tidy_when_due() {
        const std::int64_t now = system_clock().monotonic_us();
        std::int64_t last = tidied_us_.load();
        const std::int64_t pause = backend_->has_leftovers() ? kTidyAgainUs : kTidyEveryUs;
        if (now - last < pause || !tidied_us_.compare_exchange_strong(last, now)) return;
        pool_.submit<bool>(
            [backend = backend_](Beat& beat) -> Result<bool> {
                backend->tidy(beat);
                return true;
            },
            [](const Result<bool>&) {});
    }

    std::shared_ptr<Backend> backend_;
    std::shared_ptr<Meter> put_, get_, stat_, remove_;
    std::atomic<std::int64_t> tidied_us_{-kTidyEveryUs};  ///< monotonic; the first put tidies
    GuardedPool pool_;                                    ///< last: its threads use what is above until it is gone
};

}  // namespace

Result<std::unique_ptr<Store>> make_pooled_store(std::shared_ptr<Backend> backend, GuardedPool::Options options) {
    options.probe = [backend](Beat& beat) { return backend->probe(beat); };
    auto store = std::make_unique<PooledStore>(std::move(backend), std::move(options));
    STOA_CHECK(store->start());
    return std::unique_ptr<Store>(std::move(store));
}

}  // namespace stoa::files
