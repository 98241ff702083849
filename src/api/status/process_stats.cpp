#include "api/status/process_stats.hpp"

#include <cstdint>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace scanner::api {

ProcessStats read_process_stats() {
    ProcessStats stats;
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total_pages = 0;
    std::uint64_t resident_pages = 0;
    if (statm >> total_pages >> resident_pages) {
        stats.resident_bytes = static_cast<double>(resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
    }
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        const auto seconds = [](const timeval& time) {
            return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
        };
        stats.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    }
    return stats;
}

}  // namespace scanner::api
