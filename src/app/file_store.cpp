#include "app/file_store.hpp"

#include <filesystem>

#include "base/file_util.hpp"
#include "files/open.hpp"

namespace stoa::app {

Result<std::unique_ptr<files::Store>> open_file_store(const Config& config) {
    files::StoreOptions options;
    STOA_TRY(options.url, address_of(config.files.url, config.files.secret_key_file, "files.secret_key_file"));
    if (options.url.scheme.empty()) {
        options.url.scheme = "dir";
        options.url.path = std::filesystem::absolute(config.data_dir + "/files").string();
        STOA_CHECK(make_dir(config.data_dir, 0700));
        STOA_CHECK(make_dir(options.url.path, 0700));
    }
    options.virus_scan = config.virus_scan.address;
    options.accept_unscanned = config.virus_scan.on_failure == Config::ScanFailure::accept;
    return files::open(options);
}

}  // namespace stoa::app
