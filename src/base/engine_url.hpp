#pragma once
// EngineUrl: where an engine is and how to log in, as one line of the configuration or the command line:
//   mariadb://stoa@10.0.0.1:3306,10.0.0.2:3306/stoa?mode=galera     mariadb://stoa@%2Frun%2Fmysqld%2Fmysqld.sock/stoa
//   redis://10.0.0.1:6379   redis+sentinel://10.0.0.1:26379,10.0.0.2:26379/mymaster   memcached://10.0.0.1:11211,…
//   s3+https://s3.example.org/bucket/prefix?region=eu-central-1       dir:/srv/stoa/files       memory:
// Percent-encoding as in RFC 3986. Plain values, any thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace stoa {

struct EngineUrl {
    struct Host {
        std::string name;        ///< host name, IP literal without brackets, or the path of a unix socket
        std::uint16_t port = 0;  ///< 0: none was given
        bool operator==(const Host&) const = default;
    };

    std::string scheme;  ///< lower case, e.g. "redis+sentinel"
    std::string user;
    std::string password;  ///< better kept in a file of its own; never printed
    std::vector<Host> hosts;
    std::string path;                               ///< decoded, without the first slash; "dir:" keeps it as given
    std::map<std::string, std::string> parameters;  ///< decoded

    std::string parameter(const std::string& name, std::string_view otherwise = {}) const;
    /// For logs and messages: the password is left out.
    std::string printable() const;
};

/// Errors: invalid_argument that says what is wrong with it (without the password).
Result<EngineUrl> parse_engine_url(std::string_view text);

}  // namespace stoa
