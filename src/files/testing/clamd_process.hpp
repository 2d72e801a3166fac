#pragma once
// ClamAV's daemon for tests, with one signature of its own (the harmless EICAR test file): the official ones cannot be
// had without a network. On a unix socket and a TCP port.

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "base/crypto.hpp"
#include "base/testing/engine_process.hpp"

namespace stoa::files::testing {

/// Put together here, so that no scanner takes this source for it.
inline std::string eicar() {
    return std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$") + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE" + "!$H+H*";
}

class ClamdProcess {
  public:
    /// Waits until it answers.
    static Result<std::unique_ptr<ClamdProcess>> start(std::size_t stream_mb_max = 25) {
        std::unique_ptr<ClamdProcess> clamd(new ClamdProcess());
        const std::string& folder = clamd->folder_.path();
        std::filesystem::create_directories(folder + "/db");
        std::ofstream(folder + "/db/test.ndb") << "Eicar-Test-Signature:0:0:" << to_hex(eicar()) << '\n';
        std::ofstream(folder + "/clamd.conf")
            << "DatabaseDirectory " << folder << "/db\nLocalSocket " << clamd->socket() << "\nTCPSocket "
            << clamd->port_ << "\nTCPAddr 127.0.0.1\nForeground yes\nMaxThreads 4\nStreamMaxLength " << stream_mb_max
            << "M\n";
        STOA_TRY(clamd->process_,
                 fixture::EngineProcess::start({{"clamd", "--config-file=" + folder + "/clamd.conf"}, folder}));
        STOA_CHECK(clamd->wait());
        return clamd;
    }

    std::string socket() const { return folder_.path("clamd.sock"); }
    std::uint16_t port() const { return port_; }
    fixture::EngineProcess& process() { return *process_; }
    Status wait() { return process_->wait_for_port(port_, 60'000); }

  private:
    ClamdProcess() = default;
    fixture::TempDir folder_;
    const std::uint16_t port_ = fixture::free_port();
    std::unique_ptr<fixture::EngineProcess> process_;
};

}  // namespace stoa::files::testing
