#include "app/cli_cluster.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "app/commands/cluster.hpp"
#include "cluster/lab/fault_table.hpp"

namespace stoa::app {
namespace {

template <class Options>
CLI::App* command(CLI::App& group, const std::string& name, const std::string& help,
                  const std::shared_ptr<Options>& options, const ChooseRun& choose,
                  Result<int> (*run)(const Options&)) {
    CLI::App* made = group.add_subcommand(name, help);
    made->add_flag("--json", options->json, "print one JSON object");
    made->callback([options, choose, run] { choose([options, run] { return run(*options); }, &options->json); });
    return made;
}

void which_cluster(CLI::App* made, ClusterOptions& options) {
    CLI::Option* spec =
        made->add_option("--spec", options.spec_file, "the cluster's description (default: cluster.toml)");
    spec->type_name("FILE");
    made->add_option("--cluster-dir", options.cluster_dir, "folder of a lab, e.g. run/lab")->type_name("DIR");
    made->add_option("--etcd", options.etcd,
                     "etcd's addresses, http://10.0.0.1:2379; default: those of the description")
        ->type_name("URL")
        ->delimiter(',');
    made->add_option("--cluster", options.name, "name of the cluster, when there is no description at hand")
        ->type_name("NAME");
}

void add_db(CLI::App& cluster, const ChooseRun& choose) {
    CLI::App* group = cluster.add_subcommand("db", "who of the databases takes writes");
    group->require_subcommand(1);
    const auto options = std::make_shared<ClusterDbOptions>();
    const auto add = [&](const std::string& name, const std::string& help,
                         Result<int> (*run)(const ClusterDbOptions&)) {
        CLI::App* made = command(*group, name, help, options, choose, run);
        which_cluster(made, *options);
        return made;
    };
    add("status", "roles, positions, lag, the last changes; exit code 0 when all is well", &cluster_db_status);
    add("explain", "in sentences: who takes writes and why, or whom an election waits for", &cluster_db_explain);
    add("switchover", "another primary, without a failure", &cluster_db_switchover)
        ->add_option("--to", options->member, "host; default: whoever is fittest")
        ->type_name("HOST");
    CLI::App* failover = add("failover", "force a primary while an election is stuck", &cluster_db_failover);
    failover->add_option("--to", options->member, "host; default: who has most")->type_name("HOST");
    failover->add_flag("--accept-loss", options->accept_loss, "although `explain` names what may be lost");
    CLI::App* reseed = add("reseed", "copy a replica's data anew", &cluster_db_reseed);
    reseed->add_option("name", options->member, "host")->required();
    reseed->add_option("--from", options->from, "who gives the copy; default: chosen")->type_name("HOST");
}

void add_lab(CLI::App& group, const ChooseRun& choose) {
    const auto up = std::make_shared<LabUpOptions>();
    CLI::App* made = command(group, "up", "start a whole cluster on this machine (root)", up, choose, &lab_up);
    made->add_option("--dir", up->dir, "folder of the lab")->type_name("DIR")->capture_default_str();
    made->add_option("--topology", up->topology, "single, classic (MariaDB with replicas) or galera")
        ->check(CLI::IsMember({"single", "classic", "galera"}))
        ->capture_default_str();
    made->add_option("--web", up->web, "web hosts")->check(CLI::Range(1, 60))->capture_default_str();
    made->add_option("--push", up->push,
                     "hosts of the push server alone (default: web hosts have clients' connections)")
        ->check(CLI::Range(0, 20));
    made->add_option("--app", up->app, "php: an example site instead of the portal")->check(CLI::IsMember({"php"}));
    made->add_option("--ui", up->ui_dir, "folder of the built interface (default: ui/dist when it is there)")
        ->type_name("DIR");
    made->add_option("--network", up->network,
                     "N of the addresses 10.N.0.0/16 (default: the first from 98 on that is free)")
        ->check(CLI::Range(1, 254));
    made->add_flag("--empty", up->empty, "no demo data");
    made->add_flag("--clocks", up->clocks, "each host has a clock that `kill --clock-ahead` sets wrong");

    const auto node = std::make_shared<LabNodeOptions>();
    const auto add = [&](CLI::App& to, const std::string& name, const std::string& help,
                         Result<int> (*run)(const LabNodeOptions&)) {
        CLI::App* one = command(to, name, help, node, choose, run);
        if (&to == &group)
            one->add_option("--dir", node->dir, "folder of the lab")->type_name("DIR")->capture_default_str();
        return one;
    };
    add(group, "down", "stop it and remove everything it made", &lab_down);
    add(group, "status", "hosts, services, faults, memory", &lab_status);
    CLI::App* kill = add(group, "kill", "kill -9 a host with all it runs (web1), or one service (web1/web)", &lab_kill);
    kill->add_option("name", node->name, "host, or host/service")->required();
    CLI::Option_group* faults = kill->add_option_group("faults");
    faults->require_option(0, 1);
    for (const cluster::lab::FaultRow& row : cluster::lab::fault_table()) {
        if (row.fault == cluster::lab::Fault::kill) continue;
        faults->add_flag_callback(
            "--" + std::string(row.name), [node, name = row.name] { node->fault = name; }, std::string(row.about));
    }
    CLI::App* disturb = add(group, "disturb", "keep a fault up; `kill` starts this, `heal` ends it", &lab_disturb);
    disturb->add_option("name", node->name, "host")->required();
    disturb->add_option("fault", node->fault, "disk-slow, net-slow or busy")->required();
    disturb->group("");  // not for people
    CLI::App* heal = add(group, "heal", "end all faults of a host and start what is dead", &lab_heal);
    heal->add_option("name", node->name, "host")->required();

    CLI::App* host = group.add_subcommand("host", "web hosts that come and go; what [web] provider calls");
    host->require_subcommand(1);
    host->add_option("--dir", node->dir, "folder of the lab")->type_name("DIR")->capture_default_str();
    CLI::App* host_add = add(*host, "add", "add a web host; prints one JSON object", &lab_host_add);
    host_add->add_option("role", node->role, "web")->check(CLI::IsMember({"web"}))->capture_default_str();
    CLI::App* remove = add(*host, "remove", "take a web host away", &lab_host_remove);
    remove->add_option("name", node->name, "host")->required();
}

}  // namespace

void add_cluster_commands(CLI::App& cluster, CLI::App& lab, const ChooseRun& choose) {
    const auto plain = std::make_shared<ClusterOptions>();
    const auto add = [&](const std::string& name, const std::string& help, Result<int> (*run)(const ClusterOptions&)) {
        which_cluster(command(cluster, name, help, plain, choose, run), *plain);
    };
    add("plan", "what `apply` would change", &cluster_plan);
    add("lint", "what may die without an outage, layer by layer; exit code 0 well, 1 warnings, 2 errors",
        &cluster_lint);
    add("topology", "a picture of the cluster; with --json a graph", &cluster_topology);
    add("status", "hosts and services as they are; exit code 0 when all is well", &cluster_status);

    add_db(cluster, choose);

    const auto applied = std::make_shared<ClusterApplyOptions>();
    CLI::App* apply =
        command(cluster, "apply", "bring the cluster to what its description says", applied, choose, &cluster_apply);
    which_cluster(apply, *applied);
    apply->add_flag("--no-wait", applied->no_wait, "tell all hosts at once instead of one after the other");

    const auto drained = std::make_shared<ClusterDrainOptions>();
    CLI::App* drain =
        command(cluster, "drain", "give a host no new requests and wait until it has none; 1 when time is over",
                drained, choose, &cluster_drain);
    which_cluster(drain, *drained);
    drain->add_option("name", drained->host, "host")->required();
    drain->add_option("--reason", drained->reason, "for those who look at the status");
    drain->add_option("--timeout", drained->timeout_s, "seconds")->check(CLI::Range(0, 86'400))->capture_default_str();
    CLI::App* resume = command(cluster, "resume", "give it requests again", drained, choose, &cluster_resume);
    which_cluster(resume, *drained);
    resume->add_option("name", drained->host, "host")->required();

    const auto doctored = std::make_shared<ClusterDoctorOptions>();
    CLI::App* doctor = command(cluster, "doctor", "ask every host: is it there, which version has it", doctored, choose,
                               &cluster_doctor);
    which_cluster(doctor, *doctored);
    doctor->add_option("--secrets", doctored->secrets_dir, "folder of secrets, to ask Redis for its version")
        ->type_name("DIR");
    CLI::App* net = doctor->add_subcommand("net", "round trips between hosts; warns above 1 ms");
    doctor->callback([doctored, choose, net] {
        choose([doctored, net] { return net->parsed() ? cluster_doctor_net(*doctored) : cluster_doctor(*doctored); },
               &doctored->json);
    });
    net->add_flag("--json", doctored->json, "print one JSON object");
    which_cluster(net, *doctored);

    add_lab(lab, choose);
}

}  // namespace stoa::app
