#pragma once
// What the bytes of a file are, as far as a browser may be told: a short list of types that cannot run anything.
// Never what the sender says. Pure functions, any thread.

#include <string_view>

namespace stoa::api {

/// By the first bytes; "application/octet-stream" for all that is not on the list.
std::string_view sniff_content_type(std::string_view bytes);
/// Pictures, sound and film may open inside a page; anything else is offered for saving.
bool may_show_inline(std::string_view content_type);

}  // namespace stoa::api
