#pragma once
// History: the last messages of one account's stream, for whoever comes back with a position. Not synchronised.
//
// Bounded in messages, bytes and time (base/limits.hpp). Positions of one epoch are numbered without gaps, so it can be
// told exactly whether anything is missing: then the client must load everything anew.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "push/publication.hpp"

namespace stoa::push {

/// One message as it waits and travels; shared by all who get it.
struct Entry {
    Position position;
    std::vector<std::string> routes;
    net::Frames frame;
};
using EntryPtr = std::shared_ptr<const Entry>;

class History {
  public:
    /// Begins anew behind this position: what came before is not known.
    void begin(Position top);
    /// The next one. Its position must be the next of this epoch.
    void add(EntryPtr entry, std::int64_t now_us);
    /// Lets go what is too old.
    void age(std::int64_t now_us);

    Position top() const { return top_; }
    bool empty() const { return entries_.empty(); }
    std::size_t bytes() const { return bytes_; }
    std::size_t size() const { return entries_.size(); }

    /// Whether everything behind that position is still there.
    bool reaches(Position after) const;
    /// Gives all entries behind that position, oldest first. False when some of them are not there any more, or the
    /// position is none of this epoch's.
    bool read_after(Position after, const std::function<void(const EntryPtr&)>& sink) const;

  private:
    struct Kept {
        EntryPtr entry;
        std::int64_t at_us;
    };
    void drop_first();

    std::deque<Kept> entries_;
    Position top_;
    std::size_t bytes_ = 0;
};

}  // namespace stoa::push
