#pragma once
// Verdict: what was promised and is not so, over all histories. Plain data; one thread at a time.

#include <string>
#include <vector>

namespace stoa::app::probe {

struct Verdict {
    int lost = 0;                      ///< acknowledged and not there, or there with another value
    int doubled = 0;                   ///< there more often than it was sent
    int swapped = 0;                   ///< in another order than it was sent
    int older = 0;                     ///< of the lost: an older value is there
    int never_written = 0;             ///< of both: something is there that nobody sent
    int broken_sums = 0;               ///< of the lost: records that no longer add up
    std::vector<std::string> details;  ///< the first few

    bool clean() const { return lost == 0 && doubled == 0 && swapped == 0; }
    void lose(std::string what);
    void repeat(std::string what);
    void swap(std::string what);

  private:
    void tell(std::string what);
};

}  // namespace stoa::app::probe
