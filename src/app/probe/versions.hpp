#pragma once
// Versions: the numbers 1, 2, 3… that one client writes into one record, so that what is read tells its own age: older
// than what was acknowledged, or never written at all. Pure; one thread at a time.

#include <cstdint>
#include <string>
#include <string_view>

namespace stoa::app::probe {

class Versions {
  public:
    /// The number to send now. Not while one is in doubt: the late one might still come after it.
    std::int64_t next();
    void acknowledged() { acknowledged_ = tried_; }

    std::int64_t last_acknowledged() const { return acknowledged_; }
    std::int64_t last_tried() const { return tried_; }
    /// The last one was sent and not acknowledged: it is there or not, or comes later.
    bool in_doubt() const { return tried_ > acknowledged_; }

    /// What its writer read: empty when it may be so, else why not. What was seen once must not go back.
    std::string read(std::int64_t version);

  private:
    std::int64_t acknowledged_ = 0;
    std::int64_t tried_ = 0;
    std::int64_t seen_ = 0;
};

enum class Age { right, older, never_written };
/// Of what was read, when `least` was acknowledged before and `newest` was the last one sent by the end of it.
Age age_of(std::int64_t version, std::int64_t least, std::int64_t newest);
/// Empty when the age is right.
std::string complaint_about(std::int64_t version, std::int64_t least, std::int64_t newest);
/// The version that a field's text holds; 0, which is never written, for anything else.
std::int64_t version_in(std::string_view text);

}  // namespace stoa::app::probe
