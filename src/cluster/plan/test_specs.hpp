#pragma once
// Specs for tests.

#include <string>

namespace stoa::cluster::test_specs {

/// 17 lines.
inline const std::string kSmall = R"(topology = "single"
[network]
front_address = "10.0.1.10/24"
[[host]]
name = "lb1"
role = "lb"
address = "10.0.0.11"
[[host]]
name = "web1"
role = "web"
address = "10.0.0.21"
[[host]]
name = "et1"
role = "etcd"
address = "10.0.0.31"


)";

inline const std::string kHosts = R"([network]
front_address = "10.0.1.10/24"
back_address = "10.0.0.10/24"
[[host]]
name = "lb1"
role = "lb"
address = "10.0.0.11"
[[host]]
name = "lb2"
role = "lb"
address = "10.0.0.12"
[[host]]
name = "web1"
role = "web"
address = "10.0.0.21"
[[host]]
name = "web2"
role = "web"
address = "10.0.0.22"
[[host]]
name = "web3"
role = "web"
address = "10.0.0.23"
[[host]]
name = "et1"
role = "etcd"
address = "10.0.0.31"
[[host]]
name = "et2"
role = "etcd"
address = "10.0.0.32"
[[host]]
name = "et3"
role = "etcd"
address = "10.0.0.33"
)";

inline const std::string kStores = R"(
[[host]]
name = "db1"
role = "db"
address = "10.0.0.41"
[[host]]
name = "db2"
role = "db"
address = "10.0.0.42"
[[host]]
name = "db3"
role = "db"
address = "10.0.0.43"
[[host]]
name = "rd1"
role = "redis"
address = "10.0.0.51"
[[host]]
name = "rd2"
role = "redis"
address = "10.0.0.52"
[[host]]
name = "rd3"
role = "redis"
address = "10.0.0.53"
[[host]]
name = "st1"
role = "files"
address = "10.0.0.61"
[[host]]
name = "st2"
role = "files"
address = "10.0.0.62"
[[host]]
name = "st3"
role = "files"
address = "10.0.0.63"
)";

inline const std::string kClassic = kHosts + kStores;

}  // namespace stoa::cluster::test_specs
