#pragma once
// Client: makes a record, reads it at once by id and in a list, changes it, reads it again, asks a page that needs the
// login; and so on. Every answer is checked and noted. Used by its own thread; the ledger is read when that has ended.

#include <atomic>
#include <functional>
#include <string>

#include "app/probe/caller.hpp"
#include "app/probe/ledger.hpp"
#include "json/value.hpp"

namespace stoa::app::probe {

class Client {
  public:
    struct Job {
        std::string run;     ///< in ORIGINATOR_ID of every record
        std::string cookie;  ///< of the session; empty: no pages
        int number = 0;      ///< of this client
        int pause_ms = 0;    ///< between requests
    };
    Client(const Target& target, const CallerOptions& options, Job job, Measures& measures)
        : caller_(target, options, measures), job_(std::move(job)), measures_(measures) {}

    void work_until(const std::atomic<bool>& stopped);
    const Ledger& ledger() const { return ledger_; }

  private:
    /// Empty when the answer is right; else why not.
    using Check = std::function<std::string(const json::Value& body)>;
    bool expect(std::string_view what, const Caller::Answer& answer, const Check& check);
    RecordId create(std::size_t entry, const std::string& title, const std::string& value);
    bool read(RecordId id, const std::string& title, const std::string& value);
    bool find_in_list(RecordId id, const std::string& title);
    bool update(std::size_t entry, RecordId id, const std::string& value);
    void ask_page();
    void pause() const;
    std::string next_key() { return job_.run + "-" + std::to_string(job_.number) + "-" + std::to_string(++keys_); }

    Caller caller_;
    const Job job_;
    Measures& measures_;
    Ledger ledger_;
    int keys_ = 0;
};

}  // namespace stoa::app::probe
