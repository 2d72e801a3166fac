#pragma once
// One function per command, with its options. They print to standard output (text, or one JSON object with --json) and
// return an Error that the command line prints and turns into an exit code.

#include <optional>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace stoa::app {

/// Which portal a command means: a data folder, or a configuration file that names a folder and engines.
struct StoreOptions {
    std::string data_dir, config_file;
};

struct ServeOptions : StoreOptions {
    std::string ui_dir;
    std::vector<std::string> listen;       ///< "ADDR:PORT"
    std::vector<std::string> listen_http;  ///< plain HTTP besides
    std::vector<std::string> roles{"web", "push"};
    bool http = false;
    std::optional<int> io_threads, workers;
    bool json = false;
};
Status serve(const ServeOptions& options);

struct NodeOptions {
    std::string config_file;
    bool json = false;
};
Status run_node(const NodeOptions& options);

struct AccountCreateOptions : StoreOptions {
    std::string name, email = "admin@example.org", first_name, last_name;
    std::string url = "https://127.0.0.1:8443", redirect_uri;
    std::string language = "en", currency = "EUR", time_zone = "UTC";
    bool demo = false;
    std::string fixtures;  ///< "" or "sdk"
    bool json = false;
};
Status account_create(const AccountCreateOptions& options);

struct MoveCommandOptions : StoreOptions {
    AccountId account = 0;  ///< 0: everything
    std::string to, password_file;
    bool abandon = false;
    bool json = false;
};
Status account_move(const MoveCommandOptions& options);
Status cluster_promote(const MoveCommandOptions& options);

struct BackupOptions : StoreOptions {
    AccountId account = 0;     ///< create: only this one. restore: another number for it
    std::string file, folder;  ///< create: one of them. list: the folder. others: the file
    bool json = false;
};
Status backup_create(const BackupOptions& options);
Status backup_verify(const BackupOptions& options);
Status backup_list(const BackupOptions& options);
Status backup_restore(const BackupOptions& options);

struct ListOptions : StoreOptions {
    AccountId account = 0;  ///< 0: the only one there is
    bool json = false;
};
Status account_list(const ListOptions& options);
Status user_list(const ListOptions& options);
Status demo_purge(const ListOptions& options);
Status db_migrate(const ListOptions& options);
Status files_clean(const ListOptions& options);

struct DbCheckOptions : StoreOptions {
    bool fix = false;  ///< add what is missing
    bool json = false;
};
Status db_check(const DbCheckOptions& options);

struct WebhookCreateOptions : StoreOptions {
    std::string title = "Command line";
    AccountId account = 0;
    UserId user = 0;
    std::vector<std::string> scopes;
    bool json = false;
};
Status webhook_create(const WebhookCreateOptions& options);

struct AppCreateOptions : StoreOptions {
    std::string title = "Local application", redirect_uri;
    AccountId account = 0;
    std::vector<std::string> scopes;
    bool json = false;
};
Status app_create(const AppCreateOptions& options);

struct UserInviteOptions : StoreOptions {
    std::string email, first_name, last_name, role = "employee", base_url;
    AccountId account = 0;
    std::vector<RecordId> departments;
    bool json = false;
};
Status user_invite(const UserInviteOptions& options);

struct LoginLinkOptions : StoreOptions {
    std::string email, base_url;
    AccountId account = 0;
    UserId user = 0;
    bool admin = false;  ///< the first active administrator
    bool json = false;
};
Status user_login_link(const LoginLinkOptions& options);

struct ConfigOptions {
    std::string file;  ///< empty: the defaults
    bool json = false;
};
Status config_print(const ConfigOptions& options);
Status config_check(const ConfigOptions& options);

struct DoctorOptions : StoreOptions {
    bool json = false;
};
/// The exit code: 0 all is well, 1 warnings, 2 errors.
int run_doctor(const DoctorOptions& options);

struct LabLoadOptions {
    std::string dir = "run/lab";                    ///< of a lab; or
    std::string url, webhook, ca_file, login_link;  ///< any portal
    int seconds = 30, clients = 8, pause_ms = 20;
    bool keep = false;
    bool json = false;
};
/// False when a request failed, or something is lost or doubled.
Result<bool> lab_load(const LabLoadOptions& options);

struct LabDrillOptions {
    std::string name;  ///< or "list"
    std::string dir = "run/lab";
    std::string topology;                 ///< of the list: only drills for such labs
    int pairs = 20, chat_pause_ms = 700;  ///< of the drills in which people chat
    int runs = 1, seconds = 30, clients = 8, pause_ms = 20;
    bool ignore_times = false;
    bool json = false;
};
/// False when something did not hold.
Result<bool> lab_drill(const LabDrillOptions& options);

struct LabTortureOptions {
    std::string dir = "run/lab";
    std::uint64_t seed = 1;
    int minutes = 5, clients = 8, pause_ms = 20;
    bool json = false;
};
/// False when something did not hold.
Result<bool> lab_torture(const LabTortureOptions& options);

Status print_version(bool json);

}  // namespace stoa::app
