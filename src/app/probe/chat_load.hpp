#pragma once
// ChatLoad: pairs of people who write to each other until finish(), each with a connection to the push server; then
// everything they were promised is looked for. start(), finish() and the destructor on one thread; the rest from any.

#include <memory>
#include <string>
#include <vector>

#include "app/probe/chat_listener.hpp"
#include "app/probe/chat_people.hpp"
#include "app/probe/chat_report.hpp"
#include "app/probe/chat_sender.hpp"

namespace stoa::app::probe {

struct ChatOptions {
    int pairs = 20;
    int pause_ms = 700;  ///< of each person between an answer and the next message
    CallerOptions caller{};
    /// The two of a pair go to the portal by two of these that follow each other; empty: all by the target itself.
    std::vector<Target> ways{};
};

class ChatLoad {
  public:
    /// Returns when all are connected and write. Errors: those of chat_people(); timeout (not all get a connection).
    static Result<std::unique_ptr<ChatLoad>> start(const Target& target, const std::string& admin_link,
                                                   const ChatOptions& options);
    ~ChatLoad();
    ChatLoad(const ChatLoad&) = delete;
    ChatLoad& operator=(const ChatLoad&) = delete;

    Measures& measures() { return measures_; }
    /// How many are without a connection, or lack what was acknowledged a while ago.
    int behind() const;
    /// Until nobody is. False: some still are.
    bool wait_until_calm(int timeout_ms) const;

    /// Stops them and compares. `stretches`: one for each run, from the fault on. Errors: what is stored cannot be
    /// read.
    Result<ChatReport> finish(const std::vector<Span>& stretches);

  private:
    struct Side {
        Person person;
        const Target* way = nullptr;
        Asker::Job job{};
        RecordId beginning = 0;  ///< the newest message of the dialog before the load
        std::unique_ptr<ChatListener> listener{};
        std::unique_ptr<ChatSender> sender{};
    };
    struct Pair {
        Side sides[2];
    };
    ChatLoad(Target target, const ChatOptions& options);
    Status gather(const std::string& admin_link);
    void begin(Side& side, std::int64_t peer, int begin_ms);
    void stop_writing();
    void stop();
    Result<ChatHistory> history_of(Pair& pair, int number, std::vector<ChatListener::Heard>& heard);

    const Target target_;
    const ChatOptions options_;
    const std::string run_;
    Measures measures_;
    std::int64_t begin_us_ = 0;
    std::vector<Pair> pairs_;
};

}  // namespace stoa::app::probe
