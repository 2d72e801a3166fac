#include "app/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string_view>

#include "app/cli_cluster.hpp"
#include "app/commands.hpp"
#include "base/log.hpp"
#include "json/writer.hpp"

namespace stoa::app {

namespace {

/// Exit codes: 0 done, 1 failed, 2 wrong usage (CLI11's own codes are folded into it).
constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct Chosen {
    std::function<Status()> run;
    bool* json = nullptr;
    int exit_code = 0;  ///< of a command that succeeded
};

int report(const Status& status, bool json) {
    if (status) return 0;
    const Error& error = status.error();
    if (json) {
        std::string text;
        json::Writer out(text);
        out.begin_object().key("error").begin_object();
        out.field("code", error.api_code.empty() ? to_string(error.code) : std::string_view(error.api_code));
        out.field("message", error.message);
        if (!error.field.empty()) out.field("field", error.field);
        out.end_object().end_object();
        std::printf("%s\n", text.c_str());
    } else {
        std::fprintf(stderr, "stoa: %s%s%s\n", error.message.c_str(),
                     error.field.empty() ? "" : " Field: ", error.field.c_str());
    }
    return kFailed;
}

void store_options(CLI::App* command, StoreOptions& store) {
    command->add_option("--data", store.data_dir, "folder of the portal's data")->type_name("DIR");
    command->add_option("--config", store.config_file, "configuration file (TOML) of the portal; instead of --data")
        ->type_name("FILE");
}
void json_option(CLI::App* command, bool& json) {
    command->add_flag("--json", json, "print one JSON object");
}
void account_option(CLI::App* command, AccountId& account) {
    command->add_option("--account", account, "account id; needed when there are several")->type_name("ID");
}

template <class Options>
void choose(CLI::App* command, Options& options, Chosen& chosen, Status (*run)(const Options&)) {
    json_option(command, options.json);
    command->callback([&options, &chosen, run] {
        chosen.run = [&options, run] { return run(options); };
        chosen.json = &options.json;
    });
}

struct AllOptions {
    ServeOptions serve;
    NodeOptions node;
    AccountCreateOptions account_create;
    ListOptions account_list, user_list, demo_purge, db_migrate, files_clean;
    MoveCommandOptions account_move, promote;
    BackupOptions backup_create, backup_verify, backup_list, backup_restore;
    WebhookCreateOptions webhook;
    AppCreateOptions app;
    UserInviteOptions invite;
    LoginLinkOptions login_link;
    ConfigOptions config_print, config_check;
    DbCheckOptions db_check;
    DoctorOptions doctor;
    LabLoadOptions lab_load;
    LabDrillOptions lab_drill;
    LabTortureOptions lab_torture;
    bool version_json = false;
};

void add_serve(CLI::App& cli, ServeOptions& o, Chosen& chosen) {
    CLI::App* serve_command = cli.add_subcommand("serve", "run the portal");
    serve_command->add_option("--data", o.data_dir, "folder of the portal's data (default: data)")->type_name("DIR");
    serve_command->add_option("--config", o.config_file, "configuration file (TOML); options win over it")
        ->type_name("FILE");
    serve_command->add_option("--listen", o.listen, "where to listen, HTTPS unless --http; may be repeated")
        ->type_name("ADDR:PORT");
    serve_command->add_option("--listen-http", o.listen_http, "where to listen for plain HTTP besides")
        ->type_name("ADDR:PORT");
    serve_command->add_flag("--http", o.http, "plain HTTP on --listen, behind a balancer that speaks TLS");
    serve_command->add_option("--ui", o.ui_dir, "folder of the built interface, e.g. ui/dist")->type_name("DIR");
    serve_command
        ->add_option("--roles,--role", o.roles,
                     "what this process does: web (pages and REST), push (connections of clients); default: both")
        ->delimiter(',')
        ->check(CLI::IsMember({"web", "push"}));
    serve_command->add_option("--io-threads", o.io_threads, "threads for connections (default: one per core)");
    serve_command->add_option("--workers", o.workers, "threads for blocking work (default: four per core)");
    choose(serve_command, o, chosen, &serve);
}

void add_node(CLI::App& cli, NodeOptions& o, Chosen& chosen) {
    CLI::App* node = cli.add_subcommand("node", "run the agent of a host of a cluster");
    node->add_option("--config", o.config_file, "configuration of the agent (node.toml)")
        ->required()
        ->type_name("FILE");
    choose(node, o, chosen, &run_node);
}

void move_options(CLI::App* command, MoveCommandOptions& move) {
    CLI::Option* to =
        command->add_option("--to", move.to, "new home: mariadb://user@host:3306/schema, or sqlite:/path");
    to->type_name("ADDRESS");
    command->add_option("--password-file", move.password_file, "file with the password of that address")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    command->add_flag("--abandon", move.abandon, "give up a move that was not finished")->excludes(to);
}

void add_account(CLI::App& cli, AllOptions& all, Chosen& chosen) {
    CLI::App* group = cli.add_subcommand("account", "accounts: the portals of companies")->require_subcommand(1);
    AccountCreateOptions& o = all.account_create;
    CLI::App* create = group->add_subcommand("create", "make an account; works while a server runs on the same data");
    store_options(create, o);
    create->add_option("--name", o.name, "name of the company");
    create->add_option("--email", o.email, "e-mail of the first administrator")->capture_default_str();
    create->add_option("--first-name", o.first_name, "first name of the administrator");
    create->add_option("--last-name", o.last_name, "last name of the administrator");
    create->add_option("--url", o.url, "address at which browsers reach the portal")->capture_default_str();
    create->add_option("--oauth-redirect", o.redirect_uri, "redirect address of the first OAuth application");
    create->add_option("--language", o.language, "en, de or ru")->capture_default_str();
    create->add_option("--currency", o.currency, "currency code")->capture_default_str();
    create->add_option("--time-zone", o.time_zone, "IANA name, e.g. Europe/Berlin")->capture_default_str();
    create->add_flag("--demo", o.demo, "fill it with a believable company");
    create->add_option("--fixtures", o.fixtures, "records that a test suite expects")->check(CLI::IsMember({"sdk"}));
    choose(create, o, chosen, &account_create);

    MoveCommandOptions& m = all.account_move;
    CLI::App* move = group->add_subcommand("move", "move an account to another database while the portal works");
    store_options(move, m);
    move->add_option("--account", m.account, "account id")->type_name("ID");
    move_options(move, m);
    choose(move, m, chosen, &account_move);

    CLI::App* list = group->add_subcommand("list", "list the accounts");
    store_options(list, all.account_list);
    choose(list, all.account_list, chosen, &account_list);
}

void add_cluster(CLI::App& cli, AllOptions& all, Chosen& chosen) {
    CLI::App* group = cli.add_subcommand("cluster", "growing beyond one process")->require_subcommand(1);
    CLI::App* promote = group->add_subcommand("promote", "move everything to a database server while the portal works");
    store_options(promote, all.promote);
    move_options(promote, all.promote);
    choose(promote, all.promote, chosen, &cluster_promote);
}

void add_backup(CLI::App& cli, AllOptions& all, Chosen& chosen) {
    CLI::App* group = cli.add_subcommand("backup", "backups: one file each, for any database")->require_subcommand(1);
    BackupOptions& c = all.backup_create;
    CLI::App* create = group->add_subcommand("create", "back up everything, or one account, while the portal works");
    store_options(create, c);
    create->add_option("--account", c.account, "only this account")->type_name("ID");
    CLI::Option* file = create->add_option("--out", c.file, "file to write")->type_name("FILE");
    create->add_option("--dir", c.folder, "folder for a file with the time in its name")
        ->type_name("DIR")
        ->excludes(file);
    choose(create, c, chosen, &backup_create);

    CLI::App* verify = group->add_subcommand("verify", "read a backup from end to end and check its sums");
    verify->add_option("file", all.backup_verify.file, "the backup")->required()->type_name("FILE");
    choose(verify, all.backup_verify, chosen, &backup_verify);

    CLI::App* list = group->add_subcommand("list", "list the backups in a folder");
    list->add_option("dir", all.backup_list.folder, "the folder")->required()->type_name("DIR");
    choose(list, all.backup_list, chosen, &backup_list);

    BackupOptions& r = all.backup_restore;
    CLI::App* restore = group->add_subcommand("restore",
                                              "bring a backup back: everything into an empty portal, an "
                                              "account beside others");
    store_options(restore, r);
    restore->add_option("file", r.file, "the backup")->required()->type_name("FILE");
    restore->add_option("--account", r.account, "another number for the account, which then has none of its secrets")
        ->type_name("ID");
    choose(restore, r, chosen, &backup_restore);
}

void add_user(CLI::App& cli, AllOptions& all, Chosen& chosen) {
    CLI::App* group = cli.add_subcommand("user", "users and their links")->require_subcommand(1);
    UserInviteOptions& i = all.invite;
    CLI::App* invite = group->add_subcommand("invite", "add a user and print a link to accept the invitation");
    store_options(invite, i);
    account_option(invite, i.account);
    invite->add_option("--email", i.email, "e-mail")->required();
    invite->add_option("--first-name", i.first_name, "first name");
    invite->add_option("--last-name", i.last_name, "last name");
    invite->add_option("--role", i.role, "role")
        ->check(CLI::IsMember({"admin", "employee", "extranet"}))
        ->capture_default_str();
    invite->add_option("--department", i.departments, "department id; may be repeated");
    invite->add_option("--base-url", i.base_url, "address for the link (default: the account's)");
    choose(invite, i, chosen, &user_invite);

    CLI::App* list = group->add_subcommand("list", "list the users");
    store_options(list, all.user_list);
    account_option(list, all.user_list.account);
    choose(list, all.user_list, chosen, &user_list);

    LoginLinkOptions& l = all.login_link;
    CLI::App* link = group->add_subcommand("login-link", "print a link that logs a user in once");
    store_options(link, l);
    account_option(link, l.account);
    CLI::Option* by_id = link->add_option("--user", l.user, "user id");
    CLI::Option* by_email = link->add_option("--email", l.email, "e-mail of the user")->excludes(by_id);
    link->add_flag("--admin", l.admin, "the first administrator")->excludes(by_id)->excludes(by_email);
    link->add_option("--base-url", l.base_url, "address for the link (default: the account's)");
    choose(link, l, chosen, &user_login_link);
}

void add_credentials(CLI::App& cli, AllOptions& all, Chosen& chosen) {
    CLI::App* webhooks = cli.add_subcommand("webhook", "incoming webhooks")->require_subcommand(1);
    WebhookCreateOptions& w = all.webhook;
    CLI::App* webhook = webhooks->add_subcommand("create", "make a webhook and print its address");
    store_options(webhook, w);
    account_option(webhook, w.account);
    webhook->add_option("--user", w.user, "id of the user on whose behalf it acts")->required()->type_name("ID");
    webhook->add_option("--scope", w.scopes, "scopes, e.g. crm,task, or all")->required()->delimiter(',');
    webhook->add_option("--title", w.title, "what it is for")->capture_default_str();
    choose(webhook, w, chosen, &webhook_create);

    CLI::App* apps = cli.add_subcommand("app", "local applications (OAuth 2.0)")->require_subcommand(1);
    AppCreateOptions& a = all.app;
    CLI::App* app = apps->add_subcommand("create", "make an application and print its client id and secret");
    store_options(app, a);
    account_option(app, a.account);
    app->add_option("--redirect", a.redirect_uri, "redirect address")->required()->type_name("URL");
    app->add_option("--scope", a.scopes, "scopes, e.g. crm,task, or all")->required()->delimiter(',');
    app->add_option("--title", a.title, "what it is for")->capture_default_str();
    choose(app, a, chosen, &app_create);
}

void add_upkeep(CLI::App& cli, AllOptions& all, Chosen& chosen) {
    CLI::App* demo = cli.add_subcommand("demo", "demo data")->require_subcommand(1);
    CLI::App* purge = demo->add_subcommand("purge", "remove the demo records, and nothing else");
    store_options(purge, all.demo_purge);
    account_option(purge, all.demo_purge.account);
    choose(purge, all.demo_purge, chosen, &demo_purge);

    CLI::App* db = cli.add_subcommand("db", "the store")->require_subcommand(1);
    CLI::App* check = db->add_subcommand(
        "check", "compare the store's tables with what this version wants, and count what is in them");
    store_options(check, all.db_check);
    check->add_flag("--fix", all.db_check.fix, "add missing tables, columns and indexes; the portal may run meanwhile");
    choose(check, all.db_check, chosen, &db_check);
    CLI::App* migrate = db->add_subcommand("migrate", "bring the store's tables up to this version");
    store_options(migrate, all.db_migrate);
    choose(migrate, all.db_migrate, chosen, &db_migrate);

    CLI::App* files = cli.add_subcommand("files", "stored files")->require_subcommand(1);
    CLI::App* clean = files->add_subcommand("clean", "remove bytes that nothing has named for a day");
    store_options(clean, all.files_clean);
    choose(clean, all.files_clean, chosen, &files_clean);

    CLI::App* config = cli.add_subcommand("config", "the configuration file")->require_subcommand(1);
    CLI::App* print = config->add_subcommand("print", "print a complete configuration file with comments");
    CLI::Option* from = print->add_option("--config", all.config_print.file, "with the values of this file");
    print->add_flag("--defaults")->description("with the defaults, as without --config")->excludes(from);
    choose(print, all.config_print, chosen, &config_print);
    CLI::App* right = config->add_subcommand("check", "say what is wrong with a configuration file");
    right->add_option("file", all.config_check.file, "the file")->required()->type_name("FILE");
    choose(right, all.config_check, chosen, &config_check);

    CLI::App* doctor = cli.add_subcommand(
        "doctor", "say what is wrong with this machine and the engines; exit code 0 well, 1 warnings, 2 errors");
    doctor->add_option("--config", all.doctor.config_file, "configuration file")->type_name("FILE");
    doctor->add_option("--data", all.doctor.data_dir, "folder of the portal's data")->type_name("DIR");
    json_option(doctor, all.doctor.json);
    doctor->callback([&all, &chosen] {
        chosen.run = [&all, &chosen]() -> Status {
            chosen.exit_code = run_doctor(all.doctor);
            return {};
        };
        chosen.json = &all.doctor.json;
    });

    CLI::App* version = cli.add_subcommand("version", "print the version");
    json_option(version, all.version_json);
    version->callback([&all, &chosen] {
        chosen.run = [&all] { return print_version(all.version_json); };
        chosen.json = &all.version_json;
    });
}

CLI::App* lab_group(CLI::App& cli) {
    const auto known = cli.get_subcommands([](CLI::App* command) { return command->get_name() == "lab"; });
    if (!known.empty()) return known.front();
    return cli.add_subcommand("lab", "a whole cluster on this machine, to show, to test and to break")
        ->require_subcommand(1);
}

/// A command that prints its result and says by its exit code whether all was well.
template <class Options>
void choose_verdict(CLI::App* command, Options& options, Chosen& chosen, Result<bool> (*run)(const Options&)) {
    json_option(command, options.json);
    command->callback([&options, &chosen, run] {
        chosen.run = [&options, &chosen, run]() -> Status {
            STOA_TRY(const bool passed, run(options));
            chosen.exit_code = passed ? 0 : kFailed;
            return {};
        };
        chosen.json = &options.json;
    });
}

void add_probe(CLI::App& cli, AllOptions& all, Chosen& chosen) {
    LabLoadOptions& o = all.lab_load;
    CLI::App* load = lab_group(cli)->add_subcommand("load", "steady traffic; every answer is checked");
    CLI::Option* dir = load->add_option("--dir", o.dir, "folder of the lab")->type_name("DIR")->capture_default_str();
    CLI::Option* url = load->add_option("--url", o.url, "address of a portal, instead of a lab");
    url->type_name("URL")->excludes(dir);
    load->add_option("--webhook", o.webhook, "a webhook of it with scope crm, and task for counters")
        ->type_name("URL")
        ->needs(url);
    load->add_option("--ca", o.ca_file, "certificate of who signed the portal's (PEM)")->type_name("FILE")->needs(url);
    load->add_option("--login", o.login_link, "a link as `stoa user login-link` prints it, for pages behind the login")
        ->type_name("URL")
        ->needs(url);
    load->add_option("--seconds", o.seconds, "how long")->check(CLI::Range(1, 86'400))->capture_default_str();
    load->add_option("--clients", o.clients, "clients at a time")->check(CLI::Range(1, 500))->capture_default_str();
    load->add_option("--pause", o.pause_ms, "milliseconds that each waits between its requests")
        ->check(CLI::Range(0, 60'000))
        ->capture_default_str();
    load->add_flag("--keep", o.keep, "leave the records it makes");
    choose_verdict(load, o, chosen, &lab_load);

    LabDrillOptions& d = all.lab_drill;
    CLI::App* drill = lab_group(cli)->add_subcommand("drill", "breaks something under load and says what held");
    drill->add_option("name", d.name, "which one; `list` names them")->required();
    drill->add_option("--dir", d.dir, "folder of the lab")->type_name("DIR")->capture_default_str();
    drill->add_option("--runs", d.runs, "how often")->check(CLI::Range(1, 1'000))->capture_default_str();
    drill->add_option("--seconds", d.seconds, "how long a fault lasts that is no single blow (db-jitter)")
        ->check(CLI::Range(5, 3'600))
        ->capture_default_str();
    drill->add_option("--topology", d.topology, "of `list`: those that such a lab can do")
        ->check(CLI::IsMember({"classic", "galera"}));
    drill->add_option("--clients", d.clients, "clients at a time")->check(CLI::Range(1, 500))->capture_default_str();
    drill->add_option("--pause", d.pause_ms, "milliseconds that each waits between its requests")
        ->check(CLI::Range(0, 60'000))
        ->capture_default_str();
    drill->add_option("--pairs", d.pairs, "of a chat-… drill: pairs of people who write to each other")
        ->check(CLI::Range(1, 200))
        ->capture_default_str();
    drill->add_option("--chat-pause", d.chat_pause_ms, "milliseconds that each of them waits after a message")
        ->check(CLI::Range(1, 60'000))
        ->capture_default_str();
    drill->add_flag("--ignore-times", d.ignore_times, "say what took too long, but judge counts only: a busy machine");
    choose_verdict(drill, d, chosen, &lab_drill);

    LabTortureOptions& t = all.lab_torture;
    CLI::App* torture =
        lab_group(cli)->add_subcommand("torture", "faults in all layers at once, from a seed, under load");
    torture->add_option("--dir", t.dir, "folder of the lab")->type_name("DIR")->capture_default_str();
    torture->add_option("--seed", t.seed, "the same seed, the same faults")->capture_default_str();
    torture->add_option("--minutes", t.minutes, "how long")->check(CLI::Range(1, 1'440))->capture_default_str();
    torture->add_option("--clients", t.clients, "clients at a time")->check(CLI::Range(1, 500))->capture_default_str();
    torture->add_option("--pause", t.pause_ms, "milliseconds that each waits between its requests")
        ->check(CLI::Range(0, 60'000))
        ->capture_default_str();
    choose_verdict(torture, t, chosen, &lab_torture);
}

}  // namespace

int run_command_line(int argc, char** argv) {
    CLI::App cli("Stoa: an open, self-hosted business portal.", "stoa");
    cli.require_subcommand(1);
    // Until `serve` says otherwise: commands print results, not what the store does on the way.
    log::configure(log::Level::warn, log::Format::logfmt);
    AllOptions all;
    Chosen chosen;
    add_serve(cli, all.serve, chosen);
    add_node(cli, all.node, chosen);
    add_account(cli, all, chosen);
    add_cluster(cli, all, chosen);
    add_backup(cli, all, chosen);
    add_user(cli, all, chosen);
    add_credentials(cli, all, chosen);
    add_upkeep(cli, all, chosen);
    add_probe(cli, all, chosen);
    add_cluster_commands(*cli.get_subcommand("cluster"), *lab_group(cli), [&chosen](const auto& run, bool* json) {
        chosen.json = json;
        chosen.run = [&chosen, run]() -> Status {
            STOA_TRY(chosen.exit_code, run());
            return {};
        };
    });
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool json = std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
        if (!json || error.get_exit_code() == 0) return cli.exit(error) == 0 ? 0 : kUsage;
        (void)report(invalid(std::string(error.what()) + ". See --help.", {}, "usage"), true);
        return kUsage;
    }
    const int failed = report(chosen.run(), *chosen.json);
    return failed != 0 ? failed : chosen.exit_code;
}

}  // namespace stoa::app
