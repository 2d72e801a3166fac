// Committed events reach handlers: delivered to a real server, repeated, given up, queued offline.

#include "rest/events/event_service.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "base/crypto.hpp"
#include "json/parse.hpp"
#include "rest/events/delivery_form.hpp"
#include "rest/testing/wire_fixture.hpp"

namespace stoa::rest {
namespace {

/// Waits for something that other threads bring about.
bool eventually(const std::function<bool()>& done) {
    for (int i = 0; i < 2'000; ++i) {
        if (done()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

class EventServiceTest : public testing::WireFixture {
  protected:
    struct Received {
        std::string body, delivery, signature;
        json::Value form;
    };

    void SetUp() override {
        open();
        net::ServerOptions options;
        options.listen = {net::Listen{}};
        receiver = std::make_unique<net::Server>(std::move(options), [this](net::Request& request, net::Responder to) {
            const std::lock_guard lock(mutex);
            received.push_back({request.body, std::string(request.header("X-Stoa-Delivery")),
                                std::string(request.header("X-Stoa-Signature")), *json::parse_form(request.body)});
            net::Response response;
            response.status = static_cast<int>(received.size()) <= failures ? failure_status : 200;
            to(std::move(response));
        });
        ASSERT_TRUE(receiver->start().ok());
    }
    void TearDown() override {
        if (service) service->stop();
        if (receiver) receiver->stop();
    }

    void start(EventOptions options = {}) {
        options.allow_private_targets = true;
        options.retry_first_ms = 20;
        options.linger_ms = 1;
        service = std::make_unique<EventService>(*services, *database, authenticator, std::move(options));
        service->start();
    }
    void bind(std::string_view event, std::string_view more = "") {
        const auto reply = app("event.bind", R"({"event":")" + std::string(event) + R"(","handler":")" + url() + "\"" +
                                                 std::string(more) + "}");
        ASSERT_EQ(reply.at("result"), "true") << reply.body;
    }
    std::string url() { return "http://127.0.0.1:" + std::to_string(receiver->ports().front()) + "/handler?x=1"; }
    std::size_t calls() {
        const std::lock_guard lock(mutex);
        return received.size();
    }
    std::int64_t outbox() {
        std::int64_t count = -1;
        const Status read = database->read(1, [&](db::Tx& tx) -> Status {
            STOA_TRY(count, tx.count("outbox", db::Condition::always()));
            return {};
        });
        EXPECT_TRUE(read.ok());
        return count;
    }

    std::mutex mutex;
    std::vector<Received> received;
    int failures = 0;
    int failure_status = 500;
    std::unique_ptr<net::Server> receiver;
    std::unique_ptr<EventService> service;
};

TEST_F(EventServiceTest, a_handler_gets_the_documented_form) {
    start();
    bind("ONBOOKADD");
    ASSERT_EQ(hook("test.write", R"({"title":"A"})").at("result"), "1");
    ASSERT_TRUE(eventually([&] { return calls() == 1; }));
    const json::Value& form = received[0].form;
    EXPECT_EQ(form.find("event")->string(), "ONBOOKADD");
    EXPECT_EQ(form.find("event_handler_id")->string(), "1");
    EXPECT_EQ(json::to_json(*form.find("data")), R"({"FIELDS":{"ID":"1"}})");
    EXPECT_GT(*form.find("ts")->as_integer(), 1'700'000'000);
    const json::Value& auth = *form.find("auth");
    EXPECT_EQ(auth.find("access_token")->string(), "access-1");
    EXPECT_EQ(auth.find("application_token")->string(), "apptoken");
    EXPECT_EQ(auth.find("domain")->string(), "portal.test");
    EXPECT_EQ(auth.find("client_endpoint")->string(), "https://portal.test/rest/");
    EXPECT_EQ(auth.find("member_id")->string(), "abcdef");
    EXPECT_EQ(received[0].signature, "sha256=" + to_hex(hmac_sha256("apptoken", received[0].body)));
    EXPECT_EQ(received[0].delivery, "abcdef-1");
    EXPECT_TRUE(eventually([&] { return count("rest.event_delivery") == 0; }));
    EXPECT_EQ(outbox(), 0);
}

TEST_F(EventServiceTest, events_without_handlers_are_drained) {
    start();
    for (int i = 0; i < 20; ++i)
        hook("test.write", R"({"title":"A"})");
    EXPECT_TRUE(eventually([&] { return outbox() == 0; }));
    EXPECT_EQ(count("rest.event_delivery"), 0);
}

TEST_F(EventServiceTest, an_event_of_an_undone_write_is_never_told) {
    start();
    bind("ONBOOKADD");
    hook("test.write", R"({"title":"A","broken":1})");
    hook("batch", R"({"cmd":["test.write?title=B&broken=1","test.write?title=C"]})");
    ASSERT_TRUE(eventually([&] { return calls() >= 1; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(calls(), 1u);
}

TEST_F(EventServiceTest, a_failing_handler_is_called_again_with_the_same_delivery) {
    failures = 2;
    start();
    bind("ONBOOKADD");
    hook("test.write", R"({"title":"A"})");
    ASSERT_TRUE(eventually([&] { return calls() == 3; }));
    EXPECT_EQ(received[0].delivery, received[2].delivery);
    EXPECT_TRUE(eventually([&] { return count("rest.event_delivery") == 0; }));
}

TEST_F(EventServiceTest, gives_up_after_the_last_attempt_and_keeps_the_reason) {
    failures = 1'000;
    EventOptions options;
    options.attempts_max = 3;
    start(options);
    bind("ONBOOKADD");
    hook("test.write", R"({"title":"A"})");
    const auto dead = [&] {
        bool found = false;
        write([&](model::Records& records) -> Status {
            STOA_TRY(const auto all, records.list(registry.entity("rest.event_delivery"), {}));
            found = all.size() == 1 && all[0].is_null("NEXT_AT") && all[0].text("LAST_ERROR") == "HTTP 500" &&
                    all[0].integer("ATTEMPTS") == 3;
            return {};
        });
        return found;
    };
    EXPECT_TRUE(eventually(dead));
    EXPECT_EQ(calls(), 3u);
}

TEST_F(EventServiceTest, an_answer_that_will_not_change_is_not_asked_for_again) {
    failures = 1'000;
    failure_status = 404;
    start();
    bind("ONBOOKADD");
    hook("test.write", R"({"title":"A"})");
    ASSERT_TRUE(eventually([&] { return calls() == 1; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(calls(), 1u);
}

TEST_F(EventServiceTest, what_a_stopped_process_left_is_delivered_by_the_next) {
    failures = 1;
    EventOptions slow;
    start(slow);
    bind("ONBOOKADD");
    receiver->stop();  // nobody answers
    hook("test.write", R"({"title":"A"})");
    ASSERT_TRUE(eventually([&] { return count("rest.event_delivery") == 1; }));
    service.reset();
    net::ServerOptions options;
    options.listen = {net::Listen{}};
    std::atomic<int> got{0};
    net::Server second(std::move(options), [&](net::Request&, net::Responder to) {
        ++got;
        to(net::Response{});
    });
    ASSERT_TRUE(second.start().ok());
    write([&](model::Records& records) -> Status {
        const model::Entity& entity = registry.entity("rest.event_delivery");
        model::Changes changes(entity);
        changes.set("HANDLER", "http://127.0.0.1:" + std::to_string(second.ports().front()) + "/");
        changes.set("NEXT_AT", std::int64_t{1});
        return records.update(1, std::move(changes));
    });
    start();
    EXPECT_TRUE(eventually([&] { return got == 1; }));
    EXPECT_TRUE(eventually([&] { return count("rest.event_delivery") == 0; }));
    service->stop();
}

TEST_F(EventServiceTest, event_test_reaches_the_callers_own_handlers) {
    start();
    bind("ONAPPTEST");
    write([&](model::Records& records) -> Status {  // a handler of another application
        model::Changes changes(registry.entity("rest.event_handler"));
        changes.set("CLIENT_ID", std::string("app.2"));
        changes.set("EVENT", std::string("ONAPPTEST"));
        changes.set("HANDLER", url());
        auto id = records.add(std::move(changes));
        return id ? Status() : Status(id.error());
    });
    EXPECT_EQ(app("event.test", R"({"any":"data"})").at("result"), "1");
    ASSERT_TRUE(eventually([&] { return calls() == 1; }));
    EXPECT_EQ(json::to_json(*received[0].form.find("data")), R"({"QUERY":{"any":"data"},"LANGUAGE_ID":"en"})");
    EXPECT_TRUE(eventually([&] { return outbox() == 0 && count("rest.event_delivery") == 0; }));
    EXPECT_EQ(calls(), 1u);
}

TEST_F(EventServiceTest, handlers_at_private_addresses_are_refused_by_default) {
    bind("ONBOOKADD");
    EventOptions options;
    options.linger_ms = 1;
    service = std::make_unique<EventService>(*services, *database, authenticator, options);
    service->start();
    hook("test.write", R"({"title":"A"})");
    EXPECT_TRUE(eventually([&] { return outbox() == 0; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(calls(), 0u);
}

TEST_F(EventServiceTest, offline_events_wait_and_are_handed_out_once) {
    start();
    ASSERT_EQ(app("event.bind", R"({"event":"ONBOOKADD","event_type":"offline"})").at("result"), "true");
    ASSERT_EQ(app("event.bind", R"({"event":"ONBOOKUPDATE","event_type":"offline"})").at("result"), "true");
    for (const char* title : {"A", "B"})
        hook("test.write", R"({"title":")" + std::string(title) + R"("})");
    hook("lib.book.update", R"({"id":1,"fields":{"PAGES":5}})");
    ASSERT_TRUE(eventually([&] { return count("rest.offline_event") == 3; }));
    hook("lib.book.update", R"({"id":1,"fields":{"PAGES":6}})");
    ASSERT_TRUE(eventually([&] { return outbox() == 0; }));
    EXPECT_EQ(count("rest.offline_event"), 3) << "the same content waits once";

    const auto list = app("event.offline.list", R"({"filter":{"EVENT_NAME":"ONBOOKADD"},"order":{"ID":"DESC"}})");
    EXPECT_EQ(list.at("total"), "2");
    EXPECT_EQ(list.at("result", "0", "ID"), R"("2")");
    EXPECT_EQ(list.at("result", "0", "EVENT_DATA"), R"({"FIELDS":{"ID":2}})");
    EXPECT_EQ(list.at("result", "0", "PROCESS_ID"), R"("")");

    const auto reserved = app("event.offline.get", R"({"clear":0,"limit":2})");
    const std::string process = reserved.value.find("result")->find("process_id")->string();
    EXPECT_EQ(process.size(), 32u);
    EXPECT_EQ(reserved.value.find("result")->find("events")->array().size(), 2u);
    const std::string named = R"({"process_id":")" + process + R"(",)";
    EXPECT_EQ(app("event.offline.get", R"({"clear":0,"process_id":")" + process + R"("})")
                  .value.find("result")
                  ->find("events")
                  ->array()
                  .size(),
              2u);
    const std::string message = reserved.at("result", "events", "0", "MESSAGE_ID");
    EXPECT_EQ(app("event.offline.error", named + R"("message_id":[)" + message + "]}").at("result"), "true");
    EXPECT_EQ(app("event.offline.clear", named + R"("id":[2]})").at("result"), "true");
    EXPECT_EQ(app("event.offline.clear", "{}").status, 400);

    const auto rest = app("event.offline.get");
    EXPECT_EQ(rest.at("result", "process_id"), "null");
    EXPECT_EQ(rest.value.find("result")->find("events")->array().size(), 1u);
    const auto erroneous = app("event.offline.get", R"({"error":1})");
    EXPECT_EQ(erroneous.at("result", "events", "0", "MESSAGE_ID"), message);
    EXPECT_EQ(count("rest.offline_event"), 0);
}

TEST_F(EventServiceTest, a_growing_offline_queue_is_announced) {
    start();
    bind("ONOFFLINEEVENT", R"(,"options":{"minTimeout":0})");
    ASSERT_EQ(app("event.bind", R"({"event":"ONBOOKADD","event_type":"offline"})").at("result"), "true");
    hook("test.write", R"({"title":"A"})");
    ASSERT_TRUE(eventually([&] { return calls() == 1; }));
    EXPECT_EQ(received[0].form.find("event")->string(), "ONOFFLINEEVENT");
    EXPECT_EQ(received[0].form.find("data"), nullptr);
}

TEST_F(EventServiceTest, unbinding_ends_what_still_waits) {
    failures = 1'000;
    EventOptions options;
    start(options);
    bind("ONBOOKADD");
    hook("test.write", R"({"title":"A"})");
    ASSERT_TRUE(eventually([&] { return calls() >= 1; }));
    EXPECT_EQ(app("event.unbind").at("result"), R"({"count":1})");
    EXPECT_TRUE(eventually([&] { return count("rest.event_delivery") == 0; }));
}

/// Several processes on one database, as services of their own with an outbox each.
class EventProcesses : public EventServiceTest {
  protected:
    struct Process {
        Process(EventProcesses& test, EventOptions options)
            : outbox(*test.database),
              pushes(*test.database),
              model{test.registry, test.services->model.metadata, test.services->model.access, outbox, pushes,
                    system_clock()},
              services{model, test.methods, "test"} {
            options.allow_private_targets = true;
            options.linger_ms = 1;
            service = std::make_unique<EventService>(services, *test.database, test.authenticator, std::move(options));
        }
        void write_book(EventProcesses& test) {
            auto written = test.database->write_and_wait({.account = 1}, [&](db::WriteTx& tx) -> Result<std::string> {
                STOA_TRY(auto metadata, model.metadata.load(tx));
                model::Records records(model, tx, model::Actor::make_system(1), metadata);
                model::Changes changes(test.registry.entity("lib.book"));
                changes.set("TITLE", std::string("A"));
                STOA_TRY(const RecordId id, records.add(std::move(changes)));
                return std::to_string(id);
            });
            EXPECT_TRUE(written.ok());
        }
        model::Outbox outbox;
        model::PushOutbox pushes;
        model::ModelServices model;
        api::Services services;
        std::unique_ptr<EventService> service;
    };
    static EventOptions quick() {
        EventOptions options;
        options.lease_ms = 2'000;
        options.clock_skew_ms = 0;
        options.sweep_ms = 200;
        options.call_timeout_ms = 1'000;
        options.retry_first_ms = 20;
        return options;
    }
    std::set<std::string> deliveries() {
        const std::lock_guard lock(mutex);
        std::set<std::string> out;
        for (const Received& one : received)
            out.insert(one.delivery);
        return out;
    }
};

TEST_F(EventProcesses, each_event_is_delivered_once_whoever_wrote_it) {
    bind("ONBOOKADD");
    std::vector<std::unique_ptr<Process>> processes;
    for (int i = 0; i < 3; ++i) {
        processes.push_back(std::make_unique<Process>(*this, quick()));
        processes.back()->service->start();
    }
    std::vector<std::thread> writers;
    for (auto& process : processes) {
        writers.emplace_back([&] {
            for (int i = 0; i < 50; ++i)
                process->write_book(*this);
        });
    }
    for (auto& writer : writers)
        writer.join();
    EXPECT_TRUE(eventually([&] { return calls() >= 150; }));
    EXPECT_TRUE(eventually([&] { return outbox() == 0 && count("rest.event_delivery") == 0; }));
    EXPECT_EQ(calls(), 150u);
    EXPECT_EQ(deliveries().size(), 150u);
    for (auto& process : processes)
        process->service->stop();
}

TEST_F(EventProcesses, what_a_dead_process_claimed_is_delivered_by_another_when_the_claim_has_run_out) {
    bind("ONBOOKADD");
    EventOptions dying = quick();
    dying.transport = [](const net::ClientRequest&) -> Result<net::ClientResponse> {
        return Error{Errc::unavailable, "cut off"};  // and then it dies, with a claim until its next attempt
    };
    dying.retry_first_ms = 1'000;
    auto first = std::make_unique<Process>(*this, dying);
    first->service->start();
    first->write_book(*this);
    const auto attempted = [&] {
        bool found = false;
        write([&](model::Records& records) -> Status {
            STOA_TRY(const auto all, records.list(registry.entity("rest.event_delivery"), {}));
            found = all.size() == 1 && all[0].integer("ATTEMPTS") == 1;
            return {};
        });
        return found;
    };
    ASSERT_TRUE(eventually(attempted));
    // A stop gives claims up; a process that dies does not. So the row is put back as the dead one left it.
    model::Record left(registry.entity("rest.event_delivery"));
    write([&](model::Records& records) -> Status {
        STOA_TRY(left, records.get(registry.entity("rest.event_delivery"), 1));
        return {};
    });
    first->service->stop();
    write([&](model::Records& records) -> Status {
        model::Changes changes(registry.entity("rest.event_delivery"));
        changes.set("CLAIMED_BY", left.text("CLAIMED_BY"));
        changes.set("CLAIMED_UNTIL", left.integer("CLAIMED_UNTIL"));
        return records.update(1, std::move(changes));
    });
    Process second(*this, quick());
    second.service->start();
    std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
    EXPECT_EQ(calls(), 0u) << "the claim still holds";
    EXPECT_TRUE(eventually([&] { return calls() == 1; }));
    EXPECT_GE(system_clock().now(), left.integer("CLAIMED_UNTIL"));
    EXPECT_TRUE(eventually([&] { return count("rest.event_delivery") == 0; }));
    second.service->stop();
}

TEST_F(EventProcesses, a_process_that_stops_leaves_its_deliveries_to_the_others_at_once) {
    bind("ONBOOKADD");
    EventOptions failing = quick();
    failing.lease_ms = 60'000;
    failing.retry_first_ms = 1'000;
    failing.transport = [](const net::ClientRequest&) -> Result<net::ClientResponse> {
        return Error{Errc::unavailable, "cut off"};
    };
    Process first(*this, failing);
    first.service->start();
    first.write_book(*this);
    ASSERT_TRUE(eventually([&] { return outbox() == 0 && count("rest.event_delivery") == 1; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    first.service->stop();
    Process second(*this, quick());
    second.service->start();
    EXPECT_TRUE(eventually([&] { return calls() == 1; }));
    second.service->stop();
}

TEST_F(EventProcesses, events_that_a_dead_process_left_in_the_outbox_are_handed_over_by_another) {
    bind("ONBOOKADD");
    Process writer(*this, quick());  // never started: it died after its commit
    for (int i = 0; i < 3; ++i)
        writer.write_book(*this);
    Process other(*this, quick());
    other.service->start();
    EXPECT_TRUE(eventually([&] { return calls() == 3; }));
    EXPECT_EQ(deliveries().size(), 3u);
    other.service->stop();
}

TEST_F(EventProcesses, no_delivery_is_called_by_two_processes_at_the_same_time) {
    bind("ONBOOKADD");
    std::mutex calling;
    std::map<std::string, int> under_way;
    std::atomic<int> twice{0};
    std::atomic<int> attempts{0};
    EventOptions slow = quick();
    slow.workers = 8;
    slow.per_host_max = 8;
    slow.retry_first_ms = 200;
    slow.retry_longest_ms = 200;
    slow.attempts_max = 1'000;
    slow.transport = [&](const net::ClientRequest& request) -> Result<net::ClientResponse> {
        std::string delivery;
        for (const auto& [name, value] : request.headers)
            if (name == "X-Stoa-Delivery") delivery = value;
        {
            const std::lock_guard lock(calling);
            if (++under_way[delivery] > 1) ++twice;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        const std::lock_guard lock(calling);
        --under_way[delivery];
        net::ClientResponse response;
        response.status = ++attempts % 3 == 0 ? 200 : 500;
        return response;
    };
    std::vector<std::unique_ptr<Process>> processes;
    for (int i = 0; i < 3; ++i) {
        processes.push_back(std::make_unique<Process>(*this, slow));
        processes.back()->service->start();
    }
    for (int i = 0; i < 30; ++i)
        processes[static_cast<std::size_t>(i) % 3]->write_book(*this);
    EXPECT_TRUE(eventually([&] { return outbox() == 0 && count("rest.event_delivery") == 0; }));
    EXPECT_EQ(twice, 0);
    for (auto& process : processes)
        process->service->stop();
}

TEST(DeliveryForm, nests_as_php_does) {
    std::string out;
    append_form(out, "data", *json::parse(R"({"a b":{"c":[1,"x&y"],"t":true,"f":false,"n":null,"e":[]}})"));
    EXPECT_EQ(out,
              "data%5Ba%20b%5D%5Bc%5D%5B0%5D=1&data%5Ba%20b%5D%5Bc%5D%5B1%5D=x%26y&data%5Ba%20b%5D%5Bt%5D=1&"
              "data%5Ba%20b%5D%5Bf%5D=0");
}

TEST(DeliveryQueue, holds_a_slow_host_to_its_places) {
    DeliveryQueue queue(10, 1);
    queue.push({1, 1, "slow", 0});
    queue.push({1, 2, "slow", 0});
    queue.push({1, 3, "fast", 1});
    const auto first = queue.pop(0);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->id, 1);
    const auto second = queue.pop(0);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->id, 3);
    EXPECT_FALSE(queue.pop(0)) << "the slow host is busy";
    queue.push({1, 1, "slow", 0});
    queue.finished(*first);
    EXPECT_EQ(queue.pop(0)->id, 2);
    EXPECT_EQ(queue.size(), 0u) << "what runs already was not queued again";
}

TEST(DeliveryQueue, drops_what_is_too_much_and_says_so_when_empty) {
    DeliveryQueue queue(2, 5);
    for (RecordId id = 1; id <= 3; ++id)
        queue.push({1, id, "h", 0});
    EXPECT_EQ(queue.size(), 2u);
    EXPECT_FALSE(queue.take_overflow());
    queue.finished(*queue.pop(0));
    queue.finished(*queue.pop(0));
    EXPECT_TRUE(queue.take_overflow());
    EXPECT_FALSE(queue.take_overflow());
    queue.close();
    EXPECT_FALSE(queue.pop(1'000'000));
}

TEST(DeliveryQueue, waits_for_the_time) {
    DeliveryQueue queue(2, 5);
    queue.push({1, 1, "h", system_clock().monotonic_us() + 20'000});
    EXPECT_FALSE(queue.pop(0));
    EXPECT_TRUE(queue.pop(5'000'000));
}

}  // namespace
}  // namespace stoa::rest
