// Load on a push server: clients that listen by WebSocket, messages published by HTTP. Prints one row.
// The same for our server and for nchan, so that a run of each can be laid side by side (see run).

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "base/file_util.hpp"
#include "tests.hpp"

namespace stoa::bench {
namespace {

const std::map<std::string, void (*)(Load&)>& modes() {
    static const std::map<std::string, void (*)(Load&)> all{{"fanout", fan_out},
                                                            {"1:1", one_to_one},
                                                            {"connections", idle_connections},
                                                            {"storm", reconnect_storm},
                                                            {"post", posts}};
    return all;
}

int run(int argc, char** argv) {
    Options options;
    std::string key_file;
    CLI::App app("load on a push server");
    app.add_option("--name", options.name)->required();
    app.add_option("--port", options.port, "where clients connect")->required();
    app.add_option("--publish-port", options.publish_port, "where messages are published, if elsewhere");
    app.add_option("--pid", options.pids, "of the servers; may be repeated")->required();
    app.add_option("--key", key_file, "file with the key of stoa's channels; without it: nchan");
    app.add_option("--mode", options.mode)->check(CLI::IsMember(modes()));
    app.add_option("--label", options.label, "what the row is called, if not as the mode");
    app.add_option("--json", options.json_file, "file to which the result is appended, one object a line");
    app.add_option("--clients", options.clients)->check(CLI::PositiveNumber);
    app.add_option("--messages", options.messages)->check(CLI::PositiveNumber);
    app.add_option("--rate", options.rate, "messages a second; without it: as quickly as they are taken");
    app.add_option("--window", options.window, "messages under way, at most");
    app.add_option("--storms", options.storms, "how often all are cut")->check(CLI::PositiveNumber);
    app.add_option("--idle", options.idle_s, "seconds in which connections do nothing");
    app.add_option("--web-port", options.web_port, "of a web server that is read meanwhile");
    app.add_option("--web-path", options.web_path, "what is read there");
    app.add_option("--web-rate", options.web_rate, "reads a second")->check(CLI::PositiveNumber);
    app.add_option("--post-path", options.post_path, "of log.blogpost.add");
    app.add_option("--post-to", options.post_to, "recipients, e.g. D2");
    app.add_option("--account", options.account);
    app.add_option("--users-per-account", options.users_per_account, "without it: all are of one account");
    app.add_option("--first-user", options.first_user, "who has the first channel; the others follow");
    CLI11_PARSE(app, argc, argv);
    if (!key_file.empty()) {
        const auto key = read_file(key_file, 4'096);
        if (!key) {
            std::fprintf(stderr, "%s\n", key.error().message.c_str());
            return 1;
        }
        options.key = key->substr(0, key->find_last_not_of("\r\n") + 1);
    }
    Load load(options);
    modes().at(options.mode)(load);
    return 0;
}

}  // namespace
}  // namespace stoa::bench

int main(int argc, char** argv) {
    return stoa::bench::run(argc, argv);
}
