#include "app/probe/caller.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.hpp"
#include "base/utf8.hpp"

namespace stoa::app::probe {
namespace {

constexpr int kConnectMs = 400;  ///< a lost SYN comes again only after a second
constexpr int kPauseMs = 20;     ///< before the third attempt and each after it
constexpr std::size_t kAnswerBytesMax = 8 * 1024 * 1024;

void show(const Login& login, net::ClientRequest& request) {
    if (!login.cookie.empty()) request.headers.push_back({"Cookie", login.cookie});
    if (!login.csrf.empty()) request.headers.push_back({"X-Stoa-CSRF", login.csrf});
}

}  // namespace

std::string_view Caller::Answer::header(std::string_view name) const {
    if (!response) return {};
    const auto& all = response->headers;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const net::Header& h) { return equals_any_case(h.name, name); });
    return found == all.end() ? std::string_view() : std::string_view(found->value);
}

Caller::Answer Caller::call(std::string_view method, std::string parameters, const std::string& key,
                            const Login& login) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = target_.url + (login.cookie.empty() ? target_.webhook : "/rest/") + std::string(method);
    request.headers.push_back({"Content-Type", "application/json"});
    show(login, request);
    if (!key.empty()) request.headers.push_back({"Idempotency-Key", key});
    request.body = std::move(parameters);
    return send(std::move(request));
}

Caller::Answer Caller::page(std::string_view path, const std::string& cookie) {
    net::ClientRequest request;
    request.url = target_.url + std::string(path);
    show({cookie, {}}, request);
    return send(std::move(request));
}

Caller::Answer Caller::post(std::string_view path, std::string json, const Login& login) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = target_.url + std::string(path);
    request.headers.push_back({"Content-Type", "application/json"});
    show(login, request);
    request.body = std::move(json);
    return send(std::move(request));
}

Caller::Answer Caller::send(net::ClientRequest request) {
    request.allow_private_targets = true;
    request.ca_file = target_.ca_file;
    request.answer_bytes_max = kAnswerBytesMax;
    request.timeout_ms = options_.attempt_ms;
    request.connect_timeout_ms = std::min(kConnectMs, options_.attempt_ms);
    const Clock& clock = system_clock();
    const std::int64_t begin_us = clock.monotonic_us();
    measures_.began(begin_us);
    for (int attempt = 1;; ++attempt) {
        auto response = net::fetch(request);
        const std::int64_t took_us = clock.monotonic_us() - begin_us;
        const bool broken =
            !response && (response.error().code == Errc::unavailable || response.error().code == Errc::timeout);
        if (!broken || took_us / 1000 >= options_.give_up_ms) {
            measures_.ended(begin_us);
            return {std::move(response), took_us};
        }
        measures_.retried();
        if (attempt > 1) std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
    }
}

}  // namespace stoa::app::probe
