#include "push/poll_client.hpp"

#include "base/clock.hpp"
#include "push/stream_state.hpp"

namespace stoa::push {
namespace {

constexpr std::int64_t kPatienceUs = 40'000'000;  ///< the official client gives up after 60 s

}  // namespace

void PollClient::begin(std::shared_ptr<Account> account, std::shared_ptr<Shard> shard, Session session,
                       const net::Responder& responder) {
    const auto client =
        std::make_shared<PollClient>(std::move(account), std::move(shard), std::move(session), responder);
    client->self_ = client;
    client->come_in();
}

void PollClient::come_in() {
    const auto resumed = join();
    if (!resumed) {
        const bool waits =
            account().when_ready(shard().shared_from_this(), [self = shared_from_this()] { self->come_in(); });
        return waits ? void() : come_in();
    }
    const bool lacks = !resumed->recovered || !resumed->lacking.empty();
    if (!session().after || lacks) append(net::text_of(stream_state(position(), *resumed, session())));
    if (!messages_.empty()) answer();
}

void PollClient::tell_lacking() {
    append(net::text_of(stream_state(position(), false)));
    answer();
}

PollClient::PollClient(std::shared_ptr<Account> account, std::shared_ptr<Shard> shard, Session session,
                       net::Responder responder)
    : Subscriber(std::move(account), std::move(shard), std::move(session)),
      responder_(std::move(responder)),
      until_us_(system_clock().monotonic_us() + kPatienceUs) {}

void PollClient::deliver(const EntryPtr& entry, bool) {
    append(net::text_of(entry->frame));
    if (joined()) shard().flush_later(*this);
}

void PollClient::append(std::string_view message) {
    messages_.append(messages_.empty() ? "[" : ",").append(message);
}

void PollClient::flush() {
    if (!messages_.empty()) answer();
}

void PollClient::tick(std::int64_t now_us) {
    if (now_us >= until_us_) answer();
}

void PollClient::restart() {
    answer();
}

void PollClient::answer() {
    if (!self_) return;
    const auto self = std::move(self_);
    leave();
    net::Response response;
    response.headers.push_back({"Cache-Control", "no-store"});
    response.headers.push_back({"Access-Control-Allow-Origin", "*"});
    response.headers.push_back({"Access-Control-Expose-Headers", "Last-Message-Id, Expires"});
    response.headers.push_back({"Last-Message-Id", position().text()});
    if (messages_.empty()) {
        response.status = 304;
        response.headers.push_back({"Expires", "Thu, 01 Jan 1973 11:11:01 GMT"});  // the client's sign of "nothing new"
    } else {
        response.body = std::move(messages_) + "]";
    }
    responder_(std::move(response));
}

}  // namespace stoa::push
