#pragma once
// Whether the disk with the data takes writes: a small file is written and synced twice a second. Of a leader whose
// server hangs this tells whether its disk is why, and of a standby whether it would do better. Any thread; the
// probe's own thread may sleep in the kernel for as long as the disk does, and nobody waits for it.

#include <memory>
#include <string>

namespace stoa::cluster::database {

class DiskProbe {
  public:
    static constexpr int kEveryMs = 500;
    static constexpr int kStallMs = 500;  ///< a write that takes longer stalls

    /// `path` is the file: on the disk in question, and nobody else's.
    explicit DiskProbe(std::string path);
    ~DiskProbe();
    DiskProbe(const DiskProbe&) = delete;
    DiskProbe& operator=(const DiskProbe&) = delete;

    bool stalls() const;

  private:
    struct State;
    static void run(const std::shared_ptr<State>& state);
    const std::shared_ptr<State> state_;
};

}  // namespace stoa::cluster::database
