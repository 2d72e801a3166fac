#pragma once
// Private to spec.cpp: takes the keys of one table, and complains about those that nobody took. One thread.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/toml_tree.hpp"

namespace stoa::cluster {

/// The first complaint is kept, the rest is ignored: read all, then ask error().
class TableReader {
  public:
    struct Shared {
        std::string source;
        std::optional<Error> error{};
        bool missing = false;  ///< the error is that something is missing
    };

    TableReader(Shared& shared, const TomlValue& table, std::string prefix)
        : shared_(shared), table_(table), prefix_(std::move(prefix)) {}

    void text(std::string_view key, std::string& out);
    void flag(std::string_view key, bool& out);
    void number(std::string_view key, int& out, int min, int max);
    void texts(std::string_view key, std::vector<std::string>& out);
    /// The text must be one of these.
    void choice(std::string_view key, std::string& out, const std::vector<std::string_view>& choices);
    void table(std::string_view key, const std::function<void(TableReader&)>& read);
    void tables(std::string_view key, const std::function<void(TableReader&)>& read);

    bool has(std::string_view key) const;
    /// A complaint about a key (or, without one, about the table).
    void complain(std::string_view key, const std::string& what);
    /// Complains about keys that were not asked for.
    void finish();

  private:
    const TomlValue* take(std::string_view key);
    void complain_at(int line, std::string_view key, const std::string& what);

    Shared& shared_;
    const TomlValue& table_;
    std::string prefix_;
    std::set<std::string, std::less<>> taken_;
};

}  // namespace stoa::cluster
