#include "app/progress.hpp"

#include "scanner/core/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <unistd.h>

namespace scanner::app {
namespace {

constexpr std::size_t kBarWidth = 40;

void draw_bar(std::size_t done, std::size_t total) {
    const std::size_t filled = kBarWidth * done / total;
    const std::string bar(filled, '#');
    std::fputs(
        fmt::format("\rfirst scan [{:<{}}] {}/{} calls{}", bar, kBarWidth, done, total, done == total ? "\n" : "")
            .c_str(),
        stderr);
    std::fflush(stderr);
}

class FirstScan {
public:
    void follow(std::size_t done, std::size_t total) {
        if (finished_ || total == 0) return;
        if (terminal_) {
            draw_bar(done, total);
        } else if (4 * done / total > quarters_ || done == total) {
            quarters_ = 4 * done / total;
            core::log(core::LogLevel::info, "first_scan", {{"calls_done", done}, {"calls_total", total}});
        }
        finished_ = done >= total;
    }

private:
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool finished_ = false;
    std::size_t quarters_ = 0;
};

}  // namespace

engine::ScanProgress make_first_scan_progress() {
    return [scan = std::make_shared<FirstScan>()](std::size_t done, std::size_t total) { scan->follow(done, total); };
}

}  // namespace scanner::app
