#include "cluster/plan/diff.hpp"

#include <algorithm>
#include <set>

namespace stoa::cluster {
namespace {

const Service* named(const std::vector<Service>& services, const std::string& name) {
    const auto it = std::find_if(services.begin(), services.end(), [&](const Service& s) { return s.name == name; });
    return it == services.end() ? nullptr : &*it;
}

std::string what_changed(const Service& now, const Service& wanted) {
    std::string out;
    const auto add = [&out](bool differs, const std::string& what) {
        if (differs) out += (out.empty() ? "" : ", ") + what;
    };
    add(now.argv != wanted.argv, "command");
    add(now.environment != wanted.environment, "environment");
    std::set<std::string> paths;
    for (const auto* files : {&now.files, &wanted.files}) {
        for (const ServiceFile& file : *files)
            paths.insert(file.path);
    }
    for (const std::string& path : paths) {
        const auto find = [&path](const std::vector<ServiceFile>& files) {
            return std::find_if(files.begin(), files.end(), [&](const ServiceFile& f) { return f.path == path; });
        };
        const auto before = find(now.files), after = find(wanted.files);
        add((before == now.files.end()) != (after == wanted.files.end()) ||
                (before != now.files.end() && !(*before == *after)),
            "file " + path);
    }
    add(now.folders != wanted.folders || now.prepare != wanted.prepare, "preparation");
    add(!(now.health == wanted.health), "health check");
    add(out.empty(), "stop and restart settings");
    return out;
}

}  // namespace

std::string_view to_string(Change change) {
    switch (change) {
        case Change::added:
            return "added";
        case Change::changed:
            return "changed";
        default:
            return "removed";
    }
}

std::vector<ServiceChange> difference(const HostMap& now, const Plan& wanted) {
    std::set<std::string> hosts;
    for (const auto& [name, services] : now)
        hosts.insert(name);
    for (const auto& [name, services] : wanted.hosts)
        hosts.insert(name);
    const std::vector<Service> none;
    std::vector<ServiceChange> changes;
    for (const std::string& host : hosts) {
        const auto before = now.find(host);
        const auto after = wanted.hosts.find(host);
        const std::vector<Service>& old = before == now.end() ? none : before->second.services;
        const std::vector<Service>& next = after == wanted.hosts.end() ? none : after->second;
        for (const Service& service : next) {
            const Service* same = named(old, service.name);
            if (!same) {
                changes.push_back({host, service.name, Change::added, ""});
            } else if (!(*same == service)) {
                changes.push_back({host, service.name, Change::changed, what_changed(*same, service)});
            }
        }
        for (const Service& service : old) {
            if (!named(next, service.name)) changes.push_back({host, service.name, Change::removed, ""});
        }
    }
    return changes;
}

}  // namespace stoa::cluster
