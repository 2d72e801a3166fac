#pragma once
// JSON as a sequence of events, for whoever needs no tree of it. Pure functions, any thread.

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace stoa::json {

/// What a text consists of, in its order. Texts live until the call returns.
class Events {
  public:
    virtual ~Events() = default;
    virtual void on_begin_object() = 0;
    virtual void on_end_object() = 0;
    virtual void on_begin_array() = 0;
    virtual void on_end_array() = 0;
    virtual void on_key(std::string_view name) = 0;
    /// A text, number, boolean or null.
    virtual void on_text(std::string_view text) = 0;
    virtual void on_integer(std::int64_t number) = 0;
    virtual void on_real(double number) = 0;
    virtual void on_boolean(bool truth) = 0;
    virtual void on_null() = 0;
};

/// As parse(): the same texts are refused with the same errors. What was told before an error counts for nothing.
/// Repeated keys are told as they come.
Status read_events(std::string_view text, Events& events);
/// The events of a value that there is already.
void tell(const Value& value, Events& events);

}  // namespace stoa::json
