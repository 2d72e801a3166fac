#include "rest/files/public_page.hpp"

#include "base/html.hpp"

namespace stoa::rest {
namespace {

std::string size_text(std::int64_t bytes) {
    if (bytes < 1024) return std::to_string(bytes) + " B";
    if (bytes < 1024 * 1024) return std::to_string((bytes + 512) / 1024) + " KiB";
    return std::to_string((bytes + 512 * 1024) / (1024 * 1024)) + " MiB";
}

std::string_view empty_text(std::string_view language) {
    if (language == "de") return "Der Ordner ist leer.";
    if (language == "ru") return "Папка пуста.";
    return "The folder is empty.";
}

}  // namespace

std::string public_folder_html(const api::PublicPage& page, std::string_view language) {
    std::string out = "<!doctype html><html lang=\"" + to_html(language) + "\"><head><meta charset=\"utf-8\">";
    out += "<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">";
    const std::string title = to_html(page.title);
    out += "<title>" + title + "</title></head><body><main><h1>" + title + "</h1>";
    if (page.files.empty()) {
        out.append("<p>").append(empty_text(language)).append("</p>");
    } else {
        out += "<ul>";
        for (const api::PublicFile& file : page.files) {
            out += "<li><a href=\"?file=" + std::to_string(file.file) + "\">" + to_html(file.name) + "</a> (" +
                   size_text(file.bytes) + ")</li>";
        }
        out += "</ul>";
    }
    return out + "</main></body></html>\n";
}

}  // namespace stoa::rest
