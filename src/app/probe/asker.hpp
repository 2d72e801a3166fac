#pragma once
// Asker: a client's requests, each with its check; answer and check are noted in the measures. One per thread, used by
// that thread alone. Blocking.

#include <functional>
#include <string>
#include <string_view>

#include "app/probe/caller.hpp"
#include "json/value.hpp"

namespace stoa::app::probe {

class Asker {
  public:
    struct Job {
        std::string run;     ///< names what the load made: in ORIGINATOR_ID of leads and deals, in XML_ID of tasks
        std::string cookie;  ///< of the session; empty: no pages
        int number = 0;      ///< of this client
        int pause_ms = 0;    ///< after each request
        std::string csrf{};  ///< of the session; with it methods are called by whoever is logged in, not by the webhook
    };
    Asker(const Target& target, const CallerOptions& options, Job job, Measures& measures)
        : caller_(target, options, measures), job_(std::move(job)), measures_(measures) {}

    /// Of the body of an answer with status 200: empty when it is right; else why not.
    using Check = std::function<std::string(const json::Value& body)>;
    /// False when there was no right answer; that is noted then.
    bool read(std::string_view method, std::string parameters, const Check& check);
    /// With a key of its own, so that it is done once however often it is sent.
    bool write(std::string_view method, std::string parameters, const Check& check);
    /// A page that needs the login. Nothing without a session.
    void ask_page();

    const Job& job() const { return job_; }

  private:
    Login login() const { return job_.csrf.empty() ? Login() : Login{job_.cookie, job_.csrf}; }
    bool expect(std::string_view what, const Caller::Answer& answer, const Check& check);
    void pause() const;

    Caller caller_;
    const Job job_;
    Measures& measures_;
    int keys_ = 0;
};

}  // namespace stoa::app::probe
