#pragma once
// TroubleLog: says once that an engine does not work, why, and what to do; once more for each further reason; and once
// when it works again. Any thread.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::cache {

class TroubleLog {
  public:
    /// `what` and what happens meanwhile, for people: "cache 10.0.0.1:6379", "answers come from the database".
    TroubleLog(std::string what, std::string_view meanwhile) : what_(std::move(what)), meanwhile_(meanwhile) {}

    /// Error::field names the kind of trouble ("wrong_password"); without it the code does.
    void failed(const Error& error) STOA_EXCLUDES(mutex_);
    void works() STOA_EXCLUDES(mutex_);
    bool in_trouble() const STOA_EXCLUDES(mutex_);

  private:
    const std::string what_;
    const std::string meanwhile_;
    mutable Mutex mutex_;
    std::vector<std::string> kinds_ STOA_GUARDED_BY(mutex_);  ///< said since it last worked
    std::int64_t since_us_ STOA_GUARDED_BY(mutex_) = 0;
};

}  // namespace stoa::cache
