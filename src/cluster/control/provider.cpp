#include "cluster/control/provider.hpp"

#include "cluster/lab/command.hpp"
#include "cluster/limits.hpp"
#include "json/parse.hpp"

namespace stoa::cluster::control {
namespace {

class CommandProvider final : public Provider {
  public:
    explicit CommandProvider(std::vector<std::string> argv) : argv_(std::move(argv)) {}

    Result<ProvidedHost> add(std::string_view role) override {
        STOA_TRY(const std::string out, call({"add", std::string(role)}));
        const auto answer = json::parse(out);
        const json::Value* name = answer ? answer->find("name") : nullptr;
        const json::Value* address = answer ? answer->find("address") : nullptr;
        if (!name || !name->is_string() || name->string().empty() || !address || !address->is_string())
            return invalid(R"(The provider must print {"name":"…","address":"…"}; it printed: )" + out.substr(0, 200));
        return ProvidedHost{name->string(), address->string()};
    }

    Status remove(std::string_view name) override {
        auto out = call({"remove", std::string(name)});
        if (!out) return std::move(out).error();
        return {};
    }

  private:
    Result<std::string> call(std::vector<std::string> words) {
        lab::Command command;
        command.argv = argv_;
        command.argv.insert(command.argv.end(), words.begin(), words.end());
        command.timeout_ms = limits::provider_ms;
        auto out = lab::run_well(command);
        if (out || out.error().code == Errc::timeout) return out;
        return Error{Errc::unavailable, "The provider failed: " + out.error().message};
    }

    const std::vector<std::string> argv_;
};

}  // namespace

std::unique_ptr<Provider> command_provider(std::vector<std::string> argv) {
    return std::make_unique<CommandProvider>(std::move(argv));
}

}  // namespace stoa::cluster::control
