// Any text: no crash, and what is read prints to something that reads the same but for the password.
#include <cstdlib>

#include "base/engine_url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace stoa;
    const auto url = parse_engine_url({reinterpret_cast<const char*>(data), size});
    if (!url) return 0;
    const std::string printed = url->printable();
    const auto again = parse_engine_url(printed);
    if (!again) {
        // Encoding may only make it longer.
        if (printed.size() <= 4096) std::abort();
        return 0;
    }
    if (again->user != url->user || again->hosts != url->hosts || again->path != url->path ||
        again->parameters != url->parameters || !again->password.empty()) {
        std::abort();
    }
    return 0;
}
