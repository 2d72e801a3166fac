#pragma once
// A digest of bytes that come one piece after the other. One thread at a time.
// MD5 only where a protocol prescribes it as a checksum (S3's ETag): it proves nothing against an attacker.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stoa {

class Hasher {
  public:
    enum class Kind : std::uint8_t { sha256, md5 };

    explicit Hasher(Kind kind);
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void update(std::string_view bytes);
    /// Raw bytes: 32 of SHA-256, 16 of MD5. The hasher is as new afterwards.
    std::string finish();
    std::string finish_hex();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace stoa
