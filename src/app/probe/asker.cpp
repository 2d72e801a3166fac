#include "app/probe/asker.hpp"

#include <chrono>
#include <thread>

#include "json/parse.hpp"

namespace stoa::app::probe {
namespace {

constexpr std::size_t kQuoteBytesMax = 200;

}  // namespace

bool Asker::read(std::string_view method, std::string parameters, const Check& check) {
    const bool right = expect(method, caller_.call(method, std::move(parameters), {}, login()), check);
    pause();
    return right;
}

bool Asker::write(std::string_view method, std::string parameters, const Check& check) {
    const std::string key = job_.run + "-" + std::to_string(job_.number) + "-" + std::to_string(++keys_);
    const bool right = expect(method, caller_.call(method, std::move(parameters), key, login()), check);
    pause();
    return right;
}

void Asker::ask_page() {
    constexpr std::string_view kPath = "/api/session";
    if (job_.cookie.empty()) return;
    expect(kPath, caller_.page(kPath, job_.cookie),
           [](const json::Value& body) -> std::string { return body.find("user") ? "" : "nobody is logged in"; });
    pause();
}

bool Asker::expect(std::string_view what, const Caller::Answer& answer, const Check& check) {
    Fault fault;
    fault.what = what;
    if (!answer.response) {
        fault.why = answer.response.error().message;
    } else {
        fault.status = answer.response->status;
        fault.request_id = answer.header("X-Request-Id");
        const std::string& text = answer.response->body;
        const auto body = json::parse(text);
        if (fault.status != 200) {
            fault.why = text.substr(0, kQuoteBytesMax);
        } else if (!body) {
            fault.why = "no JSON: " + text.substr(0, kQuoteBytesMax);
        } else {
            fault.why = check(*body);
            if (fault.why.empty()) {
                measures_.answered(answer.took_us, what, fault.request_id);
                return true;
            }
        }
    }
    const bool logout = !job_.cookie.empty() && what.starts_with('/') &&
                        (fault.status == 401 || fault.status == 403 || (fault.status >= 300 && fault.status < 400));
    measures_.failed(answer.took_us, std::move(fault), logout);
    return false;
}

void Asker::pause() const {
    if (job_.pause_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(job_.pause_ms));
}

}  // namespace stoa::app::probe
