// stoa account move, stoa cluster promote

#include <sys/resource.h>

#include <cstdio>
#include <filesystem>

#include "app/commands/common.hpp"
#include "base/crypto.hpp"
#include "base/file_util.hpp"
#include "db/transfer/move.hpp"
#include "json/writer.hpp"

namespace stoa::app {

namespace {

using db::transfer::MoveOptions;
using db::transfer::MoveProgress;
using db::transfer::MoveReport;

/// The address without its password, which goes into a file beside the data: tables and messages never hold it.
Result<db::HomeAddress> home_address(const Config& config, const MoveCommandOptions& options) {
    STOA_TRY(const auto engine, engine_of(options.to));
    db::HomeAddress home;
    std::error_code error;
    if (!options.password_file.empty()) {
        home.password_file = std::filesystem::absolute(options.password_file, error).string();
    }
    if (engine == db::transfer::Engine::sqlite) {
        home.address = options.to;
        return home;
    }
    STOA_TRY(const EngineUrl url, parse_engine_url(options.to));
    home.address = url.printable();
    if (url.password.empty()) return home;
    if (!home.password_file.empty()) return invalid("Give the password in the address or in a file, not both.", "to");
    const std::string folder = std::filesystem::absolute(config.data_dir, error).string() + "/homes";
    STOA_CHECK(make_dir(folder, 0700));
    home.password_file = folder + "/" + sha256_hex(home.address).substr(0, 16) + ".password";
    STOA_CHECK(write_file_atomic(home.password_file, url.password + "\n", 0600));
    return home;
}

std::string thousands(std::int64_t number) {
    std::string text = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

/// One line per second, for people; on standard error when the answer is JSON.
void show(const MoveProgress& progress, bool json) {
    std::string line = std::string(progress.phase);
    if (!progress.table.empty()) line += " " + std::string(progress.table);
    if (progress.rows_total > 0)
        line += ": " + thousands(progress.rows) + " of " + thousands(progress.rows_total) + " rows";
    if (progress.waiting > 0) line += ", " + thousands(progress.waiting) + " changes to follow";
    std::fprintf(json ? stderr : stdout, "%s\n", line.c_str());
    std::fflush(json ? stderr : stdout);
}

std::string compared_in_words(const std::string& compared) {
    if (compared == "all_rows") return "all rows, while nothing changed";
    if (compared == "touched_and_counts") return "all rows before; what changed since and the row counts in the switch";
    return "all rows before; what changed since in the switch";
}

void print_report(const MoveReport& report, const db::HomeAddress& home, AccountId account, bool json) {
    if (json) {
        std::string text;
        json::Writer out(text);
        out.begin_object().field("home", home.address).field("was_done", report.was_done);
        out.field("resumed", report.resumed).field("tables", report.tables).field("rows", report.rows);
        out.field("seconds", report.seconds).field("pause_ms", report.pause_ms).field("attempts", report.attempts);
        out.field("compared", report.compared).field("touched", report.touched).end_object();
        return print_line(text);
    }
    const std::string what = account == 0 ? "Everything" : "Account " + std::to_string(account);
    if (report.was_done) {
        print_line(what + " lives at " + home.address + " already.");
    } else {
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%.1f", report.seconds);
        print_line(what + " lives at " + home.address + " now: " + thousands(report.rows) + " rows of " +
                   std::to_string(report.tables) + " tables in " + seconds + " s.");
        print_line("Writers waited for " + std::to_string(report.pause_ms) +
                   " ms. Compared: " + compared_in_words(report.compared) + ".");
    }
    if (account == 0) print_line(promoted_hint(home));
}

Result<MoveOptions> move_options(const Config& config, const MoveCommandOptions& options) {
    if (!config.database.url.scheme.empty()) {
        return Error{Errc::unsupported,
                     "This portal lives at " + config.database.url.printable() +
                         " already; a move starts from the embedded store. Use stoa backup create and restore."};
    }
    std::error_code error;
    if (!std::filesystem::exists(store_file(config), error))
        return not_found("There is no portal in " + config.data_dir);
    MoveOptions move;
    move.source_path = store_file(config);
    move.account = options.account;
    move.opener = [config](const db::HomeAddress& home) { return open_home(config, home); };
    STOA_TRY(Schema schema, Portal::schema());
    move.steps = std::move(schema.steps);
    move.tables = std::move(schema.tables);
    move.progress = [json = options.json](const MoveProgress& progress) { show(progress, json); };
    if (options.abandon) return move;
    STOA_TRY(move.to, home_address(config, options));
    STOA_TRY(move.to_engine, engine_of(move.to.address));
    return move;
}

Status run_move(const MoveCommandOptions& options) {
    STOA_TRY(const Config config, config_of(options));
    STOA_TRY(MoveOptions move, move_options(config, options));
    (void)::setpriority(PRIO_PROCESS, 0, 10);  // the portal comes first
    if (options.abandon) {
        STOA_CHECK(db::transfer::abandon(move, [](const db::HomeAddress& home) { return engine_of(home.address); }));
        print_line(options.json ? R"({"abandoned":true})" : "No move is under way any more.");
        return {};
    }
    STOA_TRY(const MoveReport report, db::transfer::move(move));
    print_report(report, move.to, options.account, options.json);
    return {};
}

Status check(const MoveCommandOptions& options) {
    if (options.data_dir.empty() && options.config_file.empty()) {
        return invalid("Say which portal: --data DIR or --config FILE.", "data");
    }
    if (options.to.empty() != options.abandon) return invalid("Say where to: --to ADDRESS, or --abandon.", "to");
    return {};
}

}  // namespace

Status account_move(const MoveCommandOptions& options) {
    STOA_CHECK(check(options));
    if (options.account <= 0 && !options.abandon) {
        return invalid("Say which account: --account ID. stoa cluster promote moves everything.", "account");
    }
    return run_move(options);
}

Status cluster_promote(const MoveCommandOptions& options) {
    STOA_CHECK(check(options));
    return run_move(options);
}

}  // namespace stoa::app
