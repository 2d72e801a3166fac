// Any parameters against any earlier answers: no crash, and never more than the bound comes in.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/parse.hpp"
#include "rest/batch_reference.hpp"
#include "rest/json_path.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stoa;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto newline = text.find('\n');
    const std::string_view query = text.substr(0, newline);
    const std::string answer(newline == text.npos ? std::string_view("{}") : text.substr(newline + 1));
    // Answers are our own JSON, but the walker must survive anything.
    const rest::BatchAnswers earlier = {{"a", answer}, {"0", R"({"items":[{"id":1},{"id":2}],"item":{"id":3}})"}};
    if (const auto parameters = json::parse_form(query)) {
        if (const auto resolved = rest::resolve_references(*parameters, earlier)) {
            if (!rest::has_references(*parameters) && !(*resolved == *parameters)) std::abort();
        }
    }
    if (const auto parameters = json::parse(query)) {
        if (const auto resolved = rest::resolve_references_v3(*parameters, earlier)) {
            if (!rest::has_references_v3(*parameters) && !(*resolved == *parameters)) std::abort();
        }
    }
    return 0;
}
