#include "app/probe/target.hpp"

#include <fcntl.h>
#include <sched.h>

#include <cstring>
#include <thread>

#include "base/fd.hpp"

namespace stoa::app::probe {

Result<Target> target_of(std::string url, std::string_view webhook_url, std::string ca_file, std::string login_link) {
    Target target;
    while (url.ends_with('/'))
        url.pop_back();
    if (!url.starts_with("https://") && !url.starts_with("http://")) {
        return invalid("Say which portal: its address begins with https://.", "url");
    }
    const std::size_t path = webhook_url.find("/rest/");
    if (path == webhook_url.npos) {
        return invalid("Give the address of a webhook, as `stoa webhook create` prints it.", "webhook");
    }
    target.url = std::move(url);
    target.webhook = webhook_url.substr(path);
    if (!target.webhook.ends_with('/')) target.webhook += '/';
    target.ca_file = std::move(ca_file);
    target.login_link = std::move(login_link);
    return target;
}

std::string address_on(const Target& target, const std::string& url) {
    const std::size_t path = url.find('/', url.find("://") + 3);
    return path == std::string::npos ? url : target.url + url.substr(path);
}

Status enter_network(const std::string& name) {
    if (name.empty()) return {};
    const Fd handle(::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!handle) return not_found("There is no network namespace " + name + ".");
    if (::setns(handle.get(), CLONE_NEWNET) != 0) {
        return forbidden("Cannot enter the network namespace " + name + ": " + std::strerror(errno) + ". Run as root.");
    }
    return {};
}

Status run_in_network(const std::string& name, const std::function<Status()>& fn) {
    Status outcome;
    std::thread([&] {
        outcome = enter_network(name);
        if (outcome) outcome = fn();
    }).join();
    return outcome;
}

}  // namespace stoa::app::probe
