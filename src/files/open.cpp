#include "files/open.hpp"

#include <future>
#include <utility>

#include "base/crypto.hpp"
#include "base/random.hpp"
#include "files/directory/backend.hpp"
#include "files/pooled_store.hpp"
#include "files/s3/backend.hpp"
#include "files/scan/scanning_store.hpp"

namespace stoa::files {
namespace {

Result<std::unique_ptr<Store>> open_plain(const StoreOptions& options) {
    GuardedPool::Options pool;
    pool.name = options.url.scheme;
    if (options.url.scheme == "dir") {
        return make_pooled_store(directory_backend(options.url.path, options.create), std::move(pool));
    }
    if (options.url.scheme == "s3+http" || options.url.scheme == "s3+https") {
        STOA_TRY(s3::Endpoint endpoint, s3::endpoint_of(options.url));
        pool.name = "s3";
        pool.stall_ms = endpoint.stall_ms;
        return make_pooled_store(s3::s3_backend(std::move(endpoint), *options.clock), std::move(pool));
    }
    return invalid(
        "Files can be kept in dir:/folder or s3+https://key@host/bucket, not in " + options.url.printable() + ".",
        "files.url");
}

/// Waits for an operation of the store: each has its own deadline.
template <class T, class Start>
Result<T> wait_for(Start start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    start([promise](Result<T> result) { promise->set_value(std::move(result)); });
    return promise->get_future().get();
}

}  // namespace

Result<std::unique_ptr<Store>> open(const StoreOptions& options) {
    if (options.virus_scan.scheme.empty()) return open_plain(options);
    STOA_TRY(Clamd scanner, Clamd::at(options.virus_scan));
    STOA_TRY(std::unique_ptr<Store> store, open_plain(options));
    return make_scanning_store(std::move(store), std::move(scanner), options.accept_unscanned);
}

Result<std::string> check(const StoreOptions& options) {
    STOA_TRY(const std::unique_ptr<Store> store, open(options));
    const Blob blob{0, "check/" + to_hex(random_bytes(8))};
    const auto bytes = std::make_shared<const std::string>("written by stoa doctor");
    const std::int64_t from = options.clock->monotonic_us();
    STOA_TRY(const BlobInfo info, wait_for<BlobInfo>([&](auto done) { store->put(blob, bytes, std::move(done)); }));
    const std::int64_t written = options.clock->monotonic_us();
    const auto back = wait_for<std::string>([&](auto done) { store->get(blob, {}, std::move(done)); });
    const std::int64_t read = options.clock->monotonic_us();
    STOA_CHECK(wait_for<bool>([&](auto done) { store->remove(blob, std::move(done)); }));
    if (!back) return back.error();
    if (*back != *bytes || info.bytes != bytes->size()) return internal_error("The file store gave back other bytes.");
    return options.url.printable() + ": " + std::to_string((written - from) / 1000) + " ms to write, " +
           std::to_string((read - written) / 1000) + " ms to read";
}

}  // namespace stoa::files
