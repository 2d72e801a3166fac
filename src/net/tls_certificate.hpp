#pragma once
// A self-made certificate for a portal that was given none. Pure functions, any thread.

#include <string>
#include <vector>

#include "base/result.hpp"

namespace stoa::net {

struct CertificatePem {
    std::string certificate;
    std::string private_key;
};

/// P-256, valid `days`, subjectAltName = the names and IP literals given.
Result<CertificatePem> make_self_signed(const std::vector<std::string>& names, int days);

/// Reads tls.crt and tls.key in the folder; makes them (key mode 0600) when absent or expired.
Result<CertificatePem> load_or_make_certificate(const std::string& folder, const std::vector<std::string>& names);

}  // namespace stoa::net
