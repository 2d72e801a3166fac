#pragma once
// The files of the user interface, read into memory at start. Only what was found then is ever served, so no request
// can reach another file. Immutable, any thread.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "net/server.hpp"

namespace stoa::pages {

class Assets {
  public:
    static constexpr std::size_t kFilesMax = 5'000;
    static constexpr std::size_t kBytesMax = 128 * 1024 * 1024;

    /// Reads all regular files below the folder; x.br and x.gz become variants of x. An empty path gives one built-in
    /// page that says how to build the interface. Errors: not_found, too_large.
    static Result<Assets> load(const std::string& folder);

    /// The file of that path, or nullptr. `path` is decoded and starts with '/'.
    bool contains(std::string_view path) const { return files_.contains(std::string(path)); }
    /// GET or HEAD. A path without a file gets index.html (pages of the interface have their own paths), except below
    /// /assets/, where it is 404.
    net::Response respond(const net::Request& request, std::string_view path) const;
    net::Response index(const net::Request& request) const { return respond(request, "/index.html"); }

  private:
    struct Variant {
        std::shared_ptr<const std::string> bytes;
        std::string etag;
    };
    struct File {
        std::string content_type;
        Variant plain, gzip, brotli;  ///< the last two may be without bytes
    };
    static Status read_folder(const std::string& folder, std::unordered_map<std::string, std::string>& raw);

    std::unordered_map<std::string, File> files_;
};

/// Headers that every page of the portal carries.
void add_page_headers(net::Response& response);

}  // namespace stoa::pages
