#include "app/commands/recording_command.hpp"

#include "app/commands/command_line.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/recording/disk.hpp"
#include "scanner/recording/tools.hpp"

#include <fmt/format.h>

#include <array>
#include <expected>
#include <filesystem>
#include <fstream>
#include <istream>
#include <map>
#include <optional>
#include <ostream>
#include <string_view>

namespace scanner::app {
namespace {

namespace fs = std::filesystem;

struct Arguments {
    std::string verb;
    std::vector<fs::path> files;
    std::map<std::string, std::string, std::less<>> flags;
};

/// Flags of each verb that take a value; --with-operator takes none.
bool takes(std::string_view verb, std::string_view flag) {
    if (flag == "out") return verb == "cut" || verb == "import";
    return verb == "cut" && (flag == "from" || flag == "to" || flag == "symbols" || flag == "with-operator");
}

std::expected<Arguments, std::string> read_arguments(const std::vector<std::string>& given) {
    Arguments read;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::string_view word = given[i];
        if (read.verb.empty()) {
            read.verb = word;
            if (word != "info" && word != "verify" && word != "cut" && word != "import") {
                return std::unexpected(fmt::format("unknown: \"{}\"; expected info, verify, cut or import", word));
            }
        } else if (word.starts_with("--")) {
            const std::size_t equals = word.find('=');
            const std::string name(word.substr(2, equals == std::string_view::npos ? equals : equals - 2));
            if (!takes(read.verb, name)) {
                return std::unexpected(fmt::format("--{} is not valid for {}", name, read.verb));
            }
            std::string value;
            if (equals != std::string_view::npos) {
                value = word.substr(equals + 1);
            } else if (name != "with-operator") {
                if (++i == given.size()) return std::unexpected(fmt::format("--{} needs a value", name));
                value = given[i];
            }
            if (!read.flags.emplace(name, value).second) {
                return std::unexpected(fmt::format("--{} is given twice", name));
            }
        } else {
            read.files.emplace_back(word);
        }
    }
    if (read.verb.empty()) return std::unexpected(std::string("expected info, verify, cut or import"));
    if (read.verb != "import" && read.files.empty()) {
        return std::unexpected(fmt::format("{} needs the recording: files or a folder", read.verb));
    }
    if (read.verb == "import" && read.files.size() > 1) return std::unexpected(std::string("import reads one file"));
    if (takes(read.verb, "out") && !read.flags.contains("out")) {
        return std::unexpected(fmt::format("{} needs --out FOLDER", read.verb));
    }
    return read;
}

std::string time_text(std::int64_t ns) {
    return core::format_time(core::from_unix_ms(ns / 1'000'000));
}

std::string file_name(const fs::path& path) {
    return core::visible_text(path.string());
}

core::Result<recording::RecordingSummary> summary_of(const Arguments& arguments) {
    auto files = recording::find_segments(arguments.files);
    if (!files) return std::unexpected(files.error());
    return recording::summarize(std::move(*files));
}

void print_damage(const recording::RecordingSummary& summary, std::ostream& out) {
    for (const recording::FileDamage& found : summary.damage) {
        out << fmt::format("{}: at byte {}: {}\n", file_name(found.file), found.damage.offset, found.damage.what);
    }
}

int info(const recording::RecordingSummary& summary, std::ostream& out) {
    std::uint64_t bytes = 0;
    std::uint64_t content = 0;
    for (const auto& segment : summary.segments) bytes += segment.bytes;
    for (const auto& [kind, size] : summary.content) content += size;
    out << fmt::format("recording   {}\n",
                       recording::recording_name(summary.segments.front().header.recording_started_ns));
    out << fmt::format("segments    {} ({} bytes)\n", summary.segments.size(), bytes);
    if (summary.first_wall_ns && summary.last_wall_ns) {
        const double seconds = static_cast<double>(*summary.last_wall_ns - *summary.first_wall_ns) / 1e9;
        out << fmt::format("from        {}\nto          {} ({:.1f} s)\n", time_text(*summary.first_wall_ns),
                           time_text(*summary.last_wall_ns), seconds);
        if (seconds >= 1) {
            out << fmt::format("a day       {:.2f} GB\n", static_cast<double>(bytes) / seconds * 86'400 / 1e9);
        }
    }
    out << fmt::format("content     {} bytes\n", content);
    for (const auto& [kind, count] : summary.records) {
        const auto size = summary.content.find(kind);
        out << fmt::format("  {:<10}{:>10}{}\n", kind, count,
                           size == summary.content.end() ? "" : fmt::format(" ({} bytes)", size->second));
    }
    print_damage(summary, out);
    return kExitOk;
}

int verify(const recording::RecordingSummary& summary, std::ostream& out) {
    std::uint64_t records = 0;
    for (const auto& [kind, count] : summary.records) records += count;
    print_damage(summary, out);
    out << fmt::format("{} segments, {} records: {}\n", summary.segments.size(), records,
                       summary.damage.empty() ? "sound" : fmt::format("{} faults", summary.damage.size()));
    return summary.damage.empty() ? kExitOk : kExitFailure;
}

std::expected<recording::CutOptions, std::string> cut_options(const Arguments& arguments) {
    recording::CutOptions options;
    for (const auto& [flag, text] : arguments.flags) {
        if (flag == "from" || flag == "to") {
            const auto time = core::parse_time(text);
            if (!time) return std::unexpected(fmt::format("--{}: must be a time as 2026-11-30T19:33:10Z", flag));
            (flag == "from" ? options.from_wall_ns : options.to_wall_ns) = core::to_unix_ms(*time) * 1'000'000;
        } else if (flag == "with-operator") {
            options.with_operator = true;
        } else if (flag == "symbols") {
            for (std::size_t at = 0; at <= text.size();) {
                const std::size_t end = std::min(text.find(',', at), text.size());
                const auto symbol = core::parse_symbol(std::string_view(text).substr(at, end - at));
                if (!symbol) {
                    return std::unexpected(
                        fmt::format("--symbols: \"{}\" is no contract", core::visible_text(text.substr(at, end - at))));
                }
                options.contracts.push_back(*symbol);
                at = end + 1;
            }
        }
    }
    return options;
}

core::Result<void> make_cut(const Arguments& arguments, const recording::CutOptions& options,
                            recording::SegmentFolder& into) {
    auto files = recording::find_segments(arguments.files);
    if (!files) return std::unexpected(files.error());
    return recording::cut(std::move(*files), options, into);
}

core::Result<void> import(const Arguments& arguments, std::istream& in, recording::SegmentFolder& into) {
    if (arguments.files.empty()) return recording::import_lines(in, into);
    std::ifstream file(arguments.files.front(), std::ios::binary);
    if (!file) return core::fail(core::ErrorCode::io, arguments.files.front().string() + ": cannot be opened");
    return recording::import_lines(file, into);
}

}  // namespace

int run_recording(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err) {
    const auto complain = [&](const std::string& what, int code) {
        err << "market-scanner: recording: " << core::visible_text(what) << '\n';
        if (code == kExitUsage) err << "`market-scanner recording --help` says more.\n";
        return code;
    };
    const auto read = read_arguments(arguments);
    if (!read) return complain(read.error(), kExitUsage);
    if (read->verb == "info" || read->verb == "verify") {
        const auto summary = summary_of(*read);
        if (!summary) return complain(summary.error().message(), kExitFailure);
        return read->verb == "info" ? info(*summary, out) : verify(*summary, out);
    }
    const auto options = cut_options(*read);
    if (!options) return complain(options.error(), kExitUsage);
    auto folder = recording::SegmentFolder::make(read->flags.find("out")->second);
    if (!folder) return complain(folder.error().message(), kExitFailure);
    const auto done = read->verb == "cut" ? make_cut(*read, *options, *folder) : import(*read, in, *folder);
    if (!done) return complain(done.error().message(), kExitFailure);
    out << fmt::format("{} records, {} bytes\n", folder->records(), folder->bytes());
    return kExitOk;
}

}  // namespace scanner::app
