#include "report.hpp"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "json/writer.hpp"

namespace stoa::bench {

std::string text_of(const char* format, ...) {
    std::array<char, 200> text{};
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    return text.data();
}

void Report::add(std::string_view key, double value, const std::string& text) {
    numbers_.push_back({std::string(key), value});
    if (!text.empty()) row_ += "  " + text;
}

void Report::print() const {
    const std::string& label = options_.label.empty() ? options_.mode : options_.label;
    std::printf("%-8s %-16s %6d%s\n", options_.name.c_str(), label.c_str(), options_.clients, row_.c_str());
    std::fflush(stdout);
    if (options_.json_file.empty()) return;
    std::string line;
    json::Writer out(line);
    out.begin_object().field("server", options_.name).field("test", label).field("clients", options_.clients);
    for (const Number& number : numbers_)
        out.field(number.key, number.value);
    out.end_object();
    std::ofstream file(options_.json_file, std::ios::app);
    file << line << "\n";
    if (file.flush()) return;
    std::fprintf(stderr, "%s cannot be written.\n", options_.json_file.c_str());
    std::exit(1);
}

}  // namespace stoa::bench
