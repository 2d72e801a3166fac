#pragma once
// The XML form of an answer (methods called with the suffix .xml). Pure function, any thread.

#include <string>
#include <string_view>

namespace stoa::json {

/// <?xml version="1.0" encoding="utf-8"?><response>…</response> from JSON that our Writer made.
/// Tags are named as keys, elements of lists <item>; a key that is no XML name becomes <item key="…">.
/// Scalars print as PHP does: true → 1, false and null → nothing. Characters that XML lacks become U+FFFD.
/// Anything but valid JSON, which would be our own mistake, gives an empty <response>.
std::string to_xml(std::string_view json);

}  // namespace stoa::json
