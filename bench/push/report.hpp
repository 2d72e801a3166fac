#pragma once
// What a run has measured: a row of the table for people, and one JSON object on a line of a file for programs.

#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"

namespace stoa::bench {

class Report {
  public:
    explicit Report(const Options& options) : options_(options) {}
    /// The key ends with its unit. `text` is how the table has it, in the order of the calls; empty: not at all.
    void add(std::string_view key, double value, const std::string& text = {});
    void print() const;

  private:
    struct Number {
        std::string key;
        double value = 0;
    };
    const Options& options_;
    std::vector<Number> numbers_;
    std::string row_;
};

/// As printf() has it.
[[gnu::format(printf, 1, 2)]] std::string text_of(const char* format, ...);

}  // namespace stoa::bench
