#pragma once
// CONVERT_TEXT: the text of a notification as HTML. Pure functions, any thread.

#include <string>
#include <string_view>

namespace stoa::notify {

/// Everything is escaped; [b], [i], [u], [s] and [url=http…] become elements where they are closed again in the right
/// order, line breaks become <br />. Other codes stay as they are written.
std::string to_html(std::string_view text);

}  // namespace stoa::notify
