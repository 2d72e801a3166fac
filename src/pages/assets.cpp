#include "pages/assets.hpp"

#include <filesystem>

#include "base/crypto.hpp"
#include "base/file_util.hpp"

namespace stoa::pages {

namespace {

constexpr std::string_view kBuiltIn =
    "<!doctype html><html lang=en><meta charset=utf-8><title>Stoa</title><h1>Stoa is running</h1>"
    "<p>The pages of the interface are not here. Build them with <code>make ui</code> and start with "
    "<code>stoa serve --ui ui/dist</code>. The REST interface works without them.</p></html>";

struct Type {
    std::string_view extension, content_type;
};
constexpr Type kTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json; charset=utf-8"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".map", "application/json; charset=utf-8"},
    {".wasm", "application/wasm"},
};

std::string content_type_of(std::string_view path) {
    for (const Type& type : kTypes) {
        if (path.ends_with(type.extension)) return std::string(type.content_type);
    }
    return "application/octet-stream";
}

/// Whether the client takes the coding; a quality of zero refuses it.
bool accepts(std::string_view header, std::string_view coding) {
    while (!header.empty()) {
        const std::size_t comma = std::min(header.find(','), header.size());
        std::string_view item = header.substr(0, comma);
        header.remove_prefix(std::min(comma + 1, header.size()));
        while (!item.empty() && item.front() == ' ')
            item.remove_prefix(1);
        if (!item.starts_with(coding)) continue;
        const std::string_view rest = item.substr(coding.size());
        if (rest.empty() || rest.front() == ';' || rest.front() == ' ')
            return rest.find("q=0") == std::string_view::npos || rest.find("q=0.") != std::string_view::npos;
    }
    return false;
}

net::Response not_there() {
    net::Response response;
    response.status = 404;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "Not found\n";
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

}  // namespace

void add_page_headers(net::Response& response) {
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    response.headers.push_back({"Referrer-Policy", "same-origin"});
    if (!response.content_type.starts_with("text/html")) return;
    response.headers.push_back(
        {"Content-Security-Policy",
         "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'; "
         "base-uri 'self'"});
    response.headers.push_back({"X-Frame-Options", "DENY"});
}

Status Assets::read_folder(const std::string& folder, std::unordered_map<std::string, std::string>& raw) {
    namespace fs = std::filesystem;
    std::error_code error;
    std::size_t bytes = 0;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        if (!at->is_regular_file(error) || at->is_symlink(error)) continue;
        const std::string path = at->path().string();
        STOA_TRY(std::string content, read_file(path, kBytesMax));
        bytes += content.size();
        if (raw.size() >= kFilesMax || bytes > kBytesMax) return Error{Errc::too_large, "Too many files in " + folder};
        raw.emplace(path.substr(folder.size()), std::move(content));
    }
    if (error) return not_found("Cannot read the pages in " + folder + ": " + error.message());
    return {};
}

Result<Assets> Assets::load(const std::string& given) {
    std::unordered_map<std::string, std::string> raw;
    if (given.empty()) {
        raw.emplace("/index.html", kBuiltIn);
    } else {
        std::string folder = given;
        while (folder.size() > 1 && folder.back() == '/')
            folder.pop_back();
        STOA_CHECK(read_folder(folder, raw));
        if (!raw.contains("/index.html"))
            return stoa::not_found("There is no index.html in " + folder + ". Run make ui.");
    }
    const auto variant = [](std::string& bytes) {
        Variant made;
        made.etag = '"' + sha256_hex(bytes).substr(0, 20) + '"';
        made.bytes = std::make_shared<const std::string>(std::move(bytes));
        return made;
    };
    Assets assets;
    for (auto& [path, bytes] : raw) {
        const bool is_variant =
            (path.ends_with(".br") || path.ends_with(".gz")) && raw.contains(path.substr(0, path.size() - 3));
        if (is_variant) continue;
        File file;
        file.content_type = content_type_of(path);
        if (const auto found = raw.find(path + ".br"); found != raw.end()) file.brotli = variant(found->second);
        if (const auto found = raw.find(path + ".gz"); found != raw.end()) file.gzip = variant(found->second);
        file.plain = variant(bytes);
        assets.files_.emplace(path, std::move(file));
    }
    return assets;
}

net::Response Assets::respond(const net::Request& request, std::string_view path) const {
    if (request.method != "GET" && request.method != "HEAD") {
        net::Response response = not_there();
        response.status = 405;
        response.headers.push_back({"Allow", "GET, HEAD"});
        return response;
    }
    const bool hashed = path.starts_with("/assets/");
    auto found = files_.find(std::string(path));
    if (found == files_.end() && hashed) return not_there();
    if (found == files_.end()) found = files_.find("/index.html");
    const File& file = found->second;

    const std::string_view codings = request.header("Accept-Encoding");
    const Variant* variant = &file.plain;
    std::string coding;
    if (file.brotli.bytes && accepts(codings, "br")) {
        variant = &file.brotli;
        coding = "br";
    } else if (file.gzip.bytes && accepts(codings, "gzip")) {
        variant = &file.gzip;
        coding = "gzip";
    }
    net::Response response;
    response.content_type = file.content_type;
    response.headers.push_back({"ETag", variant->etag});
    response.headers.push_back({"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache"});
    if (file.brotli.bytes || file.gzip.bytes) response.headers.push_back({"Vary", "Accept-Encoding"});
    if (!coding.empty()) response.headers.push_back({"Content-Encoding", coding});
    add_page_headers(response);
    if (request.header("If-None-Match").find(variant->etag) != std::string_view::npos) {
        response.status = 304;
    } else {
        response.shared_body = variant->bytes;
    }
    return response;
}

}  // namespace stoa::pages
