// stoa backup create|verify|list|restore

#include "db/transfer/backup.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "app/commands/common.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/file_util.hpp"
#include "base/random.hpp"
#include "json/writer.hpp"

namespace stoa::app {

namespace {

namespace fs = std::filesystem;
using db::transfer::BackupHead;
using db::transfer::BackupProgress;
using db::transfer::BackupReport;
using db::transfer::Store;

constexpr std::int64_t kShowEveryUs = 1'000'000;

/// A line per second, where it does not disturb the JSON.
db::transfer::ShowBackup show_progress(bool json) {
    return [json, shown_us = system_clock().monotonic_us()](const BackupProgress& progress) mutable {
        const std::int64_t now = system_clock().monotonic_us();
        if (now - shown_us < kShowEveryUs) return;
        shown_us = now;
        std::FILE* out = json ? stderr : stdout;
        std::fprintf(out, "%s %s: %lld rows\n", std::string(progress.phase).c_str(),
                     std::string(progress.table).c_str(), static_cast<long long>(progress.rows));
        std::fflush(out);
    };
}

std::string utc(UnixSeconds at) {
    const std::time_t time = at;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

std::string what(const BackupHead& head) {
    return head.account == 0 ? "everything" : "account " + std::to_string(head.account);
}

/// backup-20240517T083000Z-account-3.stoabackup: sorts by time.
std::string file_name(const std::string& folder, AccountId account) {
    std::string time = utc(system_clock().now());
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return folder + "/backup-" + time + (account == 0 ? "-all" : "-account-" + std::to_string(account)) +
           std::string(db::transfer::kBackupSuffix);
}

void write_json(json::Writer& out, const std::string& file, const BackupReport& report) {
    out.begin_object().field("file", file).field("account", report.head.account);
    out.field("created_at", utc(report.head.created_at)).field("program", report.head.program);
    out.field("tables", report.end.tables).field("rows", report.end.rows).field("bytes", report.bytes);
    out.field("sha256", report.end.sha256).end_object();
}

std::string in_words(const std::string& file, const BackupReport& report) {
    return file + ": " + what(report.head) + " of " + utc(report.head.created_at) + ", " +
           std::to_string(report.end.rows) + " rows, " + std::to_string(report.bytes) + " bytes";
}

Result<Store> store_of(Portal& portal, const Config& config, AccountId account) {
    const std::string address = portal.homes().address_of(account).address;
    auto engine = config.database.url.scheme.empty() ? db::transfer::Engine::sqlite : db::transfer::Engine::mariadb;
    if (!address.empty()) {
        STOA_TRY(engine, engine_of(address));
    }
    return Store{portal.database(), engine};
}

}  // namespace

Status backup_create(const BackupOptions& options) {
    if (options.file.empty() == options.folder.empty()) return invalid("Say where to: --out FILE or --dir DIR.", "out");
    STOA_TRY(const Config config, config_of(options));
    STOA_TRY(const auto portal, open_portal(options, false));
    if (options.account != 0) STOA_CHECK(choose_account(*portal, options.account));
    if (!options.folder.empty()) STOA_CHECK(make_dir(options.folder, 0700));
    // An account that lives elsewhere is not in the picture of the store, so it gets a file of its own.
    std::vector<AccountId> parts{options.account};
    if (options.account == 0) {
        const auto moved = portal->homes().moved_accounts();
        if (!moved.empty() && options.folder.empty()) {
            return invalid(
                "Some accounts live in other databases and get files of their own: give a folder with --dir.", "out");
        }
        parts.insert(parts.end(), moved.begin(), moved.end());
    }
    std::string text;
    json::Writer out(text);
    out.begin_object().key("backups").begin_array();
    for (const AccountId account : parts) {
        const std::string file = options.file.empty() ? file_name(options.folder, account) : options.file;
        BackupHead head;
        head.program = kVersion;
        head.schema = all_migrations().back().number;
        head.account = account;
        STOA_TRY(const Store store, store_of(*portal, config, account));
        STOA_TRY(const BackupReport report,
                 db::transfer::create_backup(store, file, head, show_progress(options.json)));
        write_json(out, file, report);
        if (!options.json) print_line(in_words(file, report));
    }
    out.end_array().end_object();
    if (options.json) print_line(text);
    return {};
}

Status backup_verify(const BackupOptions& options) {
    STOA_TRY(const BackupReport report, db::transfer::verify_backup(options.file, show_progress(options.json)));
    if (!options.json) {
        print_line(in_words(options.file, report) + ": sound");
        return {};
    }
    std::string text;
    json::Writer out(text);
    write_json(out, options.file, report);
    print_line(text);
    return {};
}

/// By their heads; `stoa backup verify` reads them to the end.
Status backup_list(const BackupOptions& options) {
    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(options.folder, error)) {
        if (entry.path().extension() == db::transfer::kBackupSuffix) files.push_back(entry.path());
    }
    if (error) return not_found("There is no folder " + options.folder + " that can be read.");
    std::sort(files.begin(), files.end());
    std::string text;
    json::Writer out(text);
    out.begin_object().key("backups").begin_array();
    for (const fs::path& file : files) {
        const auto reader = db::transfer::BackupReader::open(file.string());
        const auto bytes = static_cast<std::int64_t>(fs::file_size(file, error));
        if (!options.json) {
            print_line(file.string() + ": " +
                       (reader ? what((*reader)->head()) + " of " + utc((*reader)->head().created_at) + ", version " +
                                     (*reader)->head().program + ", " + std::to_string(bytes) + " bytes"
                               : reader.error().message));
            continue;
        }
        out.begin_object().field("file", file.string()).field("bytes", bytes);
        if (reader) {
            out.field("account", (*reader)->head().account).field("program", (*reader)->head().program);
            out.field("created_at", utc((*reader)->head().created_at));
        } else {
            out.field("error", reader.error().message);
        }
        out.end_object();
    }
    out.end_array().end_object();
    if (options.json) print_line(text);
    return {};
}

Status backup_restore(const BackupOptions& options) {
    STOA_TRY(const Config config, config_of(options));
    if (options.data_dir.empty() && options.config_file.empty()) {
        return invalid("Say which portal: --data DIR or --config FILE.", "data");
    }
    STOA_TRY(const auto homes, open_store(config, true));
    STOA_TRY(const Schema schema, Portal::schema());
    // A restore that was killed left a mark that keeps a portal from starting, but not this.
    STOA_CHECK(homes->migrate_to_fill(schema.steps, schema.tables));
    db::transfer::RestoreOptions restore;
    restore.account = options.account;
    restore.schema_known = schema.steps.back().number;
    restore.renumbered = {{"member_id", to_hex(random_bytes(16))}};
    const std::string address = homes->address_of(0).address;
    auto engine = config.database.url.scheme.empty() ? db::transfer::Engine::sqlite : db::transfer::Engine::mariadb;
    if (!address.empty()) {
        STOA_TRY(engine, engine_of(address));
    }
    STOA_TRY(const auto report,
             db::transfer::restore_backup(options.file, {*homes, engine}, restore, show_progress(options.json)));
    if (options.json) {
        std::string text;
        json::Writer(text)
            .begin_object()
            .field("account", report.account)
            .field("rows", report.rows)
            .field("left_out", report.left_out)
            .end_object();
        print_line(text);
        return {};
    }
    print_line("Restored " + (report.account == 0 ? "everything" : "account " + std::to_string(report.account)) +
               " as of " + utc(report.head.created_at) + ": " + std::to_string(report.rows) + " rows.");
    if (report.left_out > 0) {
        print_line(
            "Sessions, webhooks and applications were left out: they belong to the original. Log in with: "
            "stoa user login-link --account " +
            std::to_string(report.account) + " --admin");
    }
    return {};
}

}  // namespace stoa::app
