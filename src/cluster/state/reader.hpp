#pragma once
// For the .cpp files of this folder: members of a JSON object into fields, naming the one that is wrong. Absent members
// keep their defaults, unknown ones are ignored: another version of the program may have written them. One thread.

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace stoa::cluster {

/// Reads all it is asked for and remembers the first fault, so that a reading function is one list of fields.
class Reader {
  public:
    /// `where` is the path so far, "services[2]".
    Reader(const json::Value& value, std::string where) : value_(value), where_(std::move(where)) {
        if (!value.is_object()) fail("", "must be an object");
    }

    Reader& text(std::string_view name, std::string& out) {
        if (const json::Value* found = member(name)) {
            if (!found->is_string()) return fail(name, "must be a string");
            out = found->string();
        }
        return *this;
    }
    template <class Integer>
    Reader& integer(std::string_view name, Integer& out, std::int64_t min = 0,
                    std::int64_t max = std::numeric_limits<Integer>::max()) {
        if (const json::Value* found = member(name)) {
            if (!found->is_integer() || found->integer() < min || found->integer() > max) {
                return fail(name, "must be a number from " + std::to_string(min) + " to " + std::to_string(max));
            }
            out = static_cast<Integer>(found->integer());
        }
        return *this;
    }
    Reader& real(std::string_view name, double& out) {
        if (const json::Value* found = member(name)) {
            if (!found->is_real() && !found->is_integer()) return fail(name, "must be a number");
            out = found->is_real() ? found->real() : static_cast<double>(found->integer());
        }
        return *this;
    }
    Reader& flag(std::string_view name, bool& out) {
        if (const json::Value* found = member(name)) {
            if (!found->is_bool()) return fail(name, "must be true or false");
            out = found->boolean();
        }
        return *this;
    }
    Reader& texts(std::string_view name, std::vector<std::string>& out) {
        if (const json::Value* found = member(name)) read_texts(name, *found, out);
        return *this;
    }
    Reader& text_lists(std::string_view name, std::vector<std::vector<std::string>>& out) {
        return each(name, [&](const json::Value& item, const std::string& where) {
            read_texts(where.substr(where_.empty() ? 0 : where_.size() + 1), item, out.emplace_back());
            return Status();
        });
    }
    /// Runs `read` for each element of a list; `where` leads to it.
    template <class Read>
    Reader& each(std::string_view name, Read&& read) {
        const json::Value* found = member(name);
        if (!found) return *this;
        if (!found->is_array()) return fail(name, "must be a list");
        std::size_t index = 0;
        for (const json::Value& item : found->array()) {
            keep(read(item, path(name) + "[" + std::to_string(index++) + "]"));
        }
        return *this;
    }
    /// Runs `read` for a member that is an object.
    template <class Read>
    Reader& object(std::string_view name, Read&& read) {
        if (const json::Value* found = member(name)) keep(read(*found, path(name)));
        return *this;
    }
    Reader& require(std::string_view name, bool right, std::string_view what) {
        return right ? *this : fail(name, what);
    }

    const Status& status() const { return status_; }

  private:
    const json::Value* member(std::string_view name) const {
        const json::Value* found = value_.find(name);
        return found && !found->is_null() ? found : nullptr;
    }
    std::string path(std::string_view name) const {
        if (name.empty()) return where_;
        return where_.empty() ? std::string(name) : where_ + "." + std::string(name);
    }
    void read_texts(std::string_view name, const json::Value& list, std::vector<std::string>& out) {
        out.clear();
        if (!list.is_array()) {
            fail(name, "must be a list of strings");
            return;
        }
        for (const json::Value& item : list.array()) {
            if (!item.is_string()) {
                fail(name, "must be a list of strings");
                return;
            }
            out.push_back(item.string());
        }
    }
    Reader& fail(std::string_view name, std::string_view what) {
        const std::string at = path(name);
        keep(invalid((at.empty() ? "It" : at) + " " + std::string(what) + ".", at));
        return *this;
    }
    void keep(Status status) {
        if (status_ && !status) status_ = std::move(status);
    }

    const json::Value& value_;
    const std::string where_;
    Status status_;
};

}  // namespace stoa::cluster
