// Any text: no crash, and the tree is valid JSON that reads back the same.
#include <cstdlib>

#include "json/parse.hpp"
#include "json/url.hpp"
#include "json/writer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace stoa::json;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (url_decode(url_encode(text)) != text) std::abort();
    const auto value = parse_form(text);
    if (!value) return 0;
    const auto again = parse(to_json(*value));
    if (!again || !(*again == *value)) std::abort();
    return 0;
}
