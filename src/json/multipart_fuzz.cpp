// The first line is the content type, the rest the body: no crash, and the tree is valid JSON.
#include <cstdlib>

#include "json/parse.hpp"
#include "json/writer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace stoa::json;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t line = text.find('\n');
    if (line == std::string_view::npos) return 0;
    const auto value = parse_multipart(text.substr(line + 1), text.substr(0, line));
    if (!value) return 0;
    const auto again = parse(to_json(*value));
    if (!again || !(*again == *value)) std::abort();
    return 0;
}
