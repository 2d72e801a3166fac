#pragma once
// The lab's own certificate authority and the balancers' certificate, by the openssl program. Any thread.

#include <string>

#include "base/result.hpp"

namespace stoa::cluster::lab {

/// Writes dir/ca.pem (to be trusted by clients), dir/ca.key, and `certificate_file` with chain and key.
Status make_certificates(const std::string& dir, const std::string& certificate_file, const std::string& address);

}  // namespace stoa::cluster::lab
