#pragma once
// How much of all files under way is in memory, kept below one bound so that large uploads and downloads cannot fill
// it. Any thread.

#include <atomic>
#include <cstddef>
#include <memory>

#include "base/result.hpp"

namespace stoa::rest {

class MemoryShares {
  public:
    explicit MemoryShares(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// Held as long as the value lives.
    using Share = std::shared_ptr<const std::size_t>;
    /// Errors: busy. The MemoryShares must outlive what it gave.
    Result<Share> take(std::size_t bytes) {
        if (bytes_.fetch_add(bytes) + bytes > bytes_max_) {
            bytes_ -= bytes;
            return Error{Errc::busy, "Too many files are under way. Try again in a moment.", {}, {}, 2};
        }
        return Share(new std::size_t(bytes), [this](const std::size_t* held) {
            bytes_ -= *held;
            delete held;
        });
    }
    std::size_t bytes() const { return bytes_; }

  private:
    const std::size_t bytes_max_;
    std::atomic<std::size_t> bytes_{0};
};

}  // namespace stoa::rest
