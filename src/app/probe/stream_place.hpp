#pragma once
// StreamPlace: where a client of the push server stands in its account's stream, and what a server may not do to it.
// A position is "epoch-number": numbers grow within an epoch, another epoch is another stream, of which clients must be
// told. Pure; one thread at a time.

#include <string>
#include <string_view>

namespace stoa::app::probe {

class StreamPlace {
  public:
    /// The position to come back with; empty before the first connection.
    const std::string& position() const { return position_; }
    /// A message at that position. Empty when it may come, else why not.
    std::string heard(std::string_view mid);
    /// The server says where the client stands from now on.
    void stands(std::string_view mid) { position_ = mid; }

  private:
    std::string position_;
};

}  // namespace stoa::app::probe
