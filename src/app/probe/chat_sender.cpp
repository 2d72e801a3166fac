#include "app/probe/chat_sender.hpp"

#include <algorithm>
#include <chrono>

#include "app/probe/answers.hpp"
#include "base/clock.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {

ChatSender::ChatSender(const Target& target, Asker::Job job, const CallerOptions& options, Measures& measures,
                       std::int64_t peer, int begin_ms)
    : target_(target), peer_(peer), begin_ms_(begin_ms), asker_(target, options, std::move(job), measures) {}

ChatSender::~ChatSender() {
    stop();
}

void ChatSender::start() {
    thread_ = std::thread([this] {
        if (enter_network(target_.network)) run();
    });
}

void ChatSender::stop() {
    end();
    if (thread_.joinable()) thread_.join();
}

void ChatSender::run() {
    std::this_thread::sleep_for(std::chrono::milliseconds(begin_ms_));
    while (!stopped_)
        say();
}

void ChatSender::say() {
    SentMessage message;
    std::size_t number = 0;
    {
        const MutexLock lock(mutex_);
        number = sent_.size();
        message.client_id = asker_.job().run + "-" + std::to_string(asker_.job().number) + "-" + std::to_string(number);
        message.sent_us = system_clock().monotonic_us();
        sent_.push_back(message);
    }
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().field("DIALOG_ID", std::to_string(peer_)).field("MESSAGE", message.client_id);
    out.field("templateId", message.client_id).end_object();
    asker_.write("im.message.add", std::move(parameters), [&](const json::Value& body) -> std::string {
        const RecordId id = number_of(body, "result");
        if (id <= 0) return "there is no id in it";
        const MutexLock lock(mutex_);
        sent_[number].id = id;
        sent_[number].acknowledged_us = system_clock().monotonic_us();
        return {};
    });
}

RecordId ChatSender::acknowledged_before(std::int64_t at_us) const {
    const MutexLock lock(mutex_);
    const auto found = std::find_if(sent_.rbegin(), sent_.rend(), [&](const SentMessage& message) {
        return message.id > 0 && message.acknowledged_us < at_us;
    });
    return found == sent_.rend() ? 0 : found->id;
}

std::vector<SentMessage> ChatSender::sent() const {
    const MutexLock lock(mutex_);
    return sent_;
}

}  // namespace stoa::app::probe
