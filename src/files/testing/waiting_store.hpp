#pragma once
// For tests: waits for the operations of a store and measures them.

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "files/store.hpp"

namespace stoa::files::testing {

/// An operation on its way.
template <class T>
class Pending {
  public:
    explicit Pending(std::future<Result<T>> future) : future_(std::move(future)) {}
    Result<T> get() {
        if (future_.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
            return internal_error("The operation was never answered.");
        }
        return future_.get();
    }

  private:
    std::future<Result<T>> future_;
};

template <class T>
Pending<T> begin(const std::function<void(Done<T>)>& start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    start([promise](Result<T> result) { promise->set_value(std::move(result)); });
    return Pending<T>(promise->get_future());
}

inline Pending<BlobInfo> begin_put(Store& store, const Blob& blob, std::string bytes) {
    return begin<BlobInfo>(
        [&](auto done) { store.put(blob, std::make_shared<const std::string>(std::move(bytes)), std::move(done)); });
}
inline Result<BlobInfo> put(Store& store, const Blob& blob, std::string bytes) {
    return begin_put(store, blob, std::move(bytes)).get();
}
inline Result<BlobInfo> put_file(Store& store, const Blob& blob, const std::string& path) {
    return begin<BlobInfo>([&](auto done) { store.put_file(blob, path, std::move(done)); }).get();
}
inline Result<std::string> get(Store& store, const Blob& blob, ByteRange range = {}) {
    return begin<std::string>([&](auto done) { store.get(blob, range, std::move(done)); }).get();
}
inline Result<BlobInfo> stat(Store& store, const Blob& blob) {
    return begin<BlobInfo>([&](auto done) { store.stat(blob, std::move(done)); }).get();
}
inline Result<bool> remove(Store& store, const Blob& blob) {
    return begin<bool>([&](auto done) { store.remove(blob, std::move(done)); }).get();
}

/// Runs f and says how long it took: auto [result, ms] = timed([&] { return get(store, blob); });
template <class F>
auto timed(F&& f) {
    const auto from = std::chrono::steady_clock::now();
    auto result = f();
    const auto took = std::chrono::steady_clock::now() - from;
    return std::pair(std::move(result),
                     static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

/// Bytes that no compression or block boundary makes special, the same for the same arguments.
inline std::string noise(std::size_t bytes, unsigned seed = 1) {
    std::string out(bytes, '\0');
    std::uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
    for (char& c : out) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        c = static_cast<char>(state >> 32);
    }
    return out;
}

}  // namespace stoa::files::testing
