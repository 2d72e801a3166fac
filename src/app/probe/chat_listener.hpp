#pragma once
// ChatListener: one person's connection to the push server, kept up and resumed as the interface does it
// (ui/src/realtime/client.ts): comes back after a random while with the position where it broke off; when it is told
// that something is missing, it reads the dialog anew. Notes all it hears. Threads of its own; the functions from any.
//
// It listens and says nothing: pongs are not asked of clients that never sent one.

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "app/probe/asker.hpp"
#include "app/probe/chat_history.hpp"
#include "app/probe/server_frames.hpp"
#include "app/probe/stream_place.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::app::probe {

class ChatListener {
  public:
    /// Messages of the dialog with `peer` behind the id `behind`. Target and measures must live longer.
    ChatListener(const Target& target, Asker::Job job, const CallerOptions& options, Measures& measures,
                 std::int64_t peer, RecordId behind);
    ~ChatListener();  ///< stop()s
    ChatListener(const ChatListener&) = delete;
    ChatListener& operator=(const ChatListener&) = delete;

    void start();
    void stop() STOA_EXCLUDES(mutex_);

    /// Is connected, and has read what it had to.
    bool is_live() const STOA_EXCLUDES(mutex_);
    /// The newest message it knows of.
    RecordId newest() const STOA_EXCLUDES(mutex_);

    struct Heard {
        std::vector<HeardLife> lives;
        std::vector<Span> away;             ///< without a connection, or with something missing
        std::vector<std::int64_t> reloads;  ///< when it was told that something is missing
        std::vector<std::int64_t> losses;   ///< when the connection broke
        std::vector<std::string> problems;  ///< what the server may not do; the first few
    };
    /// After stop().
    Heard take_heard() STOA_EXCLUDES(mutex_);

  private:
    void listen_loop();
    void read_loop();
    /// The channels and the address, for which people ask when they come.
    bool look_up_channels();
    /// Until the connection ends; gives the code of the goodbye, 0: there was none.
    int listen();
    void hear(std::string_view text) STOA_EXCLUDES(mutex_);
    void take(const json::Value& message) STOA_REQUIRES(mutex_);
    void take_state(std::string_view mid, bool recovered) STOA_REQUIRES(mutex_);
    void lost() STOA_EXCLUDES(mutex_);
    void settle() STOA_REQUIRES(mutex_);
    bool wait_ms(int ms) STOA_EXCLUDES(mutex_);

    const Target& target_;
    const std::int64_t peer_;
    Asker listening_, reading_;  ///< each of one thread
    net::Cancel cancel_;
    std::string address_;  ///< of the listening thread

    mutable Mutex mutex_;
    CondVar changed_;
    bool stopped_ STOA_GUARDED_BY(mutex_) = false;
    StreamPlace place_ STOA_GUARDED_BY(mutex_);
    bool connected_ STOA_GUARDED_BY(mutex_) = false;
    bool reload_ STOA_GUARDED_BY(mutex_) = false;  ///< the dialog is to be read anew
    int reloads_asked_ STOA_GUARDED_BY(mutex_) = 0;
    RecordId newest_ STOA_GUARDED_BY(mutex_);
    RecordId certain_ STOA_GUARDED_BY(mutex_);  ///< up to there nothing can be missing
    int failures_ STOA_GUARDED_BY(mutex_) = 0;
    std::int64_t away_since_us_ STOA_GUARDED_BY(mutex_) = 0;  ///< 0: is live
    Heard heard_ STOA_GUARDED_BY(mutex_);
    std::thread listener_, reader_;
};

}  // namespace stoa::app::probe
