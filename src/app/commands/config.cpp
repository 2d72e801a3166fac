// stoa config print|check

#include "base/config.hpp"
#include "app/commands/common.hpp"
#include "json/writer.hpp"

namespace stoa::app {

Status config_print(const ConfigOptions& options) {
    Config config;
    if (!options.file.empty()) {
        STOA_TRY(config, load_config(options.file));
    }
    std::string printed = print_config(config);
    if (!options.json) {
        printed.pop_back();  // print_line ends it
        print_line(printed);
        return {};
    }
    std::string text;
    json::Writer(text).begin_object().field("toml", printed).end_object();
    print_line(text);
    return {};
}

Status config_check(const ConfigOptions& options) {
    STOA_TRY(const Config config, load_config(options.file));
    // The files that it names are read as the portal will read them.
    STOA_CHECK(address_of(config.database.url, config.database.password_file, "database.password_file"));
    STOA_CHECK(address_of(config.cache.url, config.cache.password_file, "cache.password_file"));
    STOA_CHECK(address_of(config.bus.url, config.bus.password_file, "bus.password_file"));
    STOA_CHECK(address_of(config.files.url, config.files.secret_key_file, "files.secret_key_file"));
    if (!options.json) {
        print_line(options.file + " is right. What it names is tried by: stoa doctor --config " + options.file);
        return {};
    }
    std::string text;
    json::Writer(text).begin_object().field("ok", true).end_object();
    print_line(text);
    return {};
}

}  // namespace stoa::app
