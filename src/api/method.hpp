#pragma once
// Method tables: what a module offers to the REST wire. Access class, scope, effect and run class are columns here,
// not code inside handlers. Filled at start, read-only afterwards: any thread.

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/call.hpp"
#include "base/result.hpp"

namespace stoa::api {

enum class Wire : std::uint8_t { v2, v3 };
enum class Effect : std::uint8_t { read, write };  ///< write runs inside db.write(), read inside db.read()
enum class Run : std::uint8_t { io, pool };        ///< reads only: io = point read under ~200 µs on the I/O thread
enum class Caller : std::uint8_t {
    user,         ///< anybody logged in, by any way
    admin,        ///< administrators only
    application,  ///< OAuth applications only (WRONG_AUTH_TYPE otherwise)
};

class FileSearch;
using Handler = std::function<Status(Call&)>;

struct Method {
    std::string name;   ///< documented spelling; matched in any case
    std::string scope;  ///< needed scope, alternatives separated by '|'; "" = every caller has it
    Effect effect = Effect::read;
    Run run = Run::pool;
    Caller caller = Caller::user;
    Handler handler;
    Wire wire = Wire::v2;
    /// Writes that take contents of files: says where they stand among the parameters. The wire puts them into the
    /// store before the transaction begins.
    std::function<void(FileSearch&)> files{};
    bool snapshot = false;  ///< reads with several selects that must agree
};

class MethodTable {
  public:
    void add(Method method);  ///< a later one of the same name and wire replaces the earlier (module over engine)
    void add(std::vector<Method> methods);
    const Method* find(Wire wire, std::string_view name) const;  ///< ASCII case-insensitive
    std::vector<const Method*> all(Wire wire) const;             ///< sorted by name

  private:
    std::unordered_map<std::string, Method> by_name_[2];  ///< lower-case names
};

}  // namespace stoa::api
