// The lab's example of an application that is not the portal: nginx and php-fpm as two services of each web host.

#include "base/file_util.hpp"
#include "cluster/lab/layout.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr int kSigQuit = 3;  // both programs end gracefully by it

Result<ServiceFile> file(const std::string& folder, const std::string& name, const std::string& path) {
    STOA_TRY(std::string content, read_file(folder + "/" + name, kFileBytesMax));
    ServiceFile out{path, std::move(content), 0644, true};
    if (out.content.find("{{secret:") != std::string::npos) out.mode = 0600;
    return out;
}

}  // namespace

Status use_php(ClusterSpec& spec, const std::string& php_dir) {
    if (php_dir.empty()) return not_found("The example site (deploy/examples/php-site) is not beside the program.");
    AppSpec& app = spec.web.app;
    app.version = "1";
    app.main.name = "web";
    app.main.health = "/ready";
    app.main.command = {"nginx", "-e", "stderr", "-c", "{{dir}}/nginx.conf", "-p", "{{dir}}"};
    app.main.stop_signal = kSigQuit;
    STOA_TRY(ServiceFile nginx, file(php_dir, "nginx.conf", "nginx.conf"));
    nginx.shared = false;  // holds the host's address
    app.main.files.push_back(std::move(nginx));
    for (const char* name : {"index.php", "ready.php", "common.php"}) {
        STOA_TRY(ServiceFile page, file(php_dir, name, std::string("site/") + name));
        app.main.files.push_back(std::move(page));
    }
    AppSpec::Program fpm;
    fpm.name = "php-fpm";
    fpm.command = {"php-fpm8.2", "--nodaemonize", "--allow-to-run-as-root", "--fpm-config", "{{dir}}/fpm.conf"};
    fpm.stop_signal = kSigQuit;
    STOA_TRY(ServiceFile pool, file(php_dir, "fpm.conf", "fpm.conf"));
    fpm.files.push_back(std::move(pool));
    app.helpers.push_back(std::move(fpm));
    return {};
}

}  // namespace stoa::cluster::lab
