#include "app/commands/help.hpp"

#include "scanner/exchange/exchange_factory.hpp"
#include "scanner/settings/settings.hpp"

#include <fmt/format.h>

#include <string_view>

namespace scanner::app {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 6;

/// `text` in lines of at most kWidth columns, each after kIndent spaces. Counts bytes: a line with an ellipsis is a
/// little shorter than it could be.
std::string wrapped(std::string_view text) {
    std::string out;
    std::string line;
    const auto flush = [&] {
        out += std::string(kIndent, ' ') + line + "\n";
        line.clear();
    };
    while (!text.empty()) {
        const std::size_t space = text.find(' ');
        const std::string_view word = text.substr(0, space);
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
        if (!line.empty() && kIndent + line.size() + 1 + word.size() > kWidth) flush();
        if (!line.empty()) line += ' ';
        line += word;
    }
    if (!line.empty()) flush();
    return out;
}

std::string_view does(Command command) {
    switch (command) {
        case Command::serve: return "the daemon: scans, ranks, serves (default)";
        case Command::collect_once: return "one cycle: prints counts and the top contracts, warms the stores";
        case Command::compute: return "reads cases (JSON Lines) on standard input and writes the computed numbers";
        case Command::detect: return "reads trade tapes and writes how much each 15-s bar looks like a pump";
        case Command::recording: return "looks at recordings, checks and cuts them, and makes some of other captures";
        case Command::record: return "has a running scanner record what comes from the exchange";
        case Command::replay: return "serves a recording as if it were live, or ranks it again and compares";
        case Command::rules: return "tries an alert rule on the recorded cycles of history";
        case Command::config: return "prints every effective setting and where it came from, secrets masked";
        case Command::migrate: return "brings the database schema up to date and says what it did";
    }
    return "";
}

std::string_view details(Command command) {
    switch (command) {
        case Command::serve:
            return "Listens on SCANNER_HTTP_ADDRESS:SCANNER_HTTP_PORT until SIGTERM or SIGINT; a second signal exits "
                   "at\n"
                   "once. SIGHUP rereads the settings and applies those marked \"(SIGHUP)\" below.\n";
        case Command::collect_once:
            return "The cycle goes to the stores as the daemon's own do: into history, and to Redis where it is set, "
                   "so "
                   "that\n"
                   "a daemon that starts next has it. Where a daemon runs on them already, it is printed only. Exit "
                   "code 0\n"
                   "only when something was ranked.\n\n"
                   "  --json              print the result as JSON, each item with every field of /rankings\n";
        case Command::compute: return "Needs no exchange and no stores. Settings do not matter to it.\n";
        case Command::detect:
            return "Takes the tapes as arguments: ts_ms,side,price,amount a line (side b or s of the taker), sorted, "
                   "gzip or\n"
                   "plain. Each is a cold start. Needs no exchange and no stores; settings do not matter to it.\n\n"
                   "  --features          add what the model looked at, for every bar with a trade\n";
        case Command::recording:
            return "  info FILE…                             what is in it\n"
                   "  verify FILE…                           reads all of it; exit code 1 where something is wrong\n"
                   "  cut FILE… --out FOLDER [--from TIME] [--to TIME] [--symbols A,B] [--with-operator]\n"
                   "                                         a part of it, as a recording of its own\n"
                   "  import [LINES.jsonl] --out FOLDER      a recording of JSON Lines; standard input without a file\n"
                   "\nA FILE is a segment or a folder of them. Times are as in 2026-11-30T19:33:10Z. The format, and "
                   "that of\nthe lines: docs/recording.md. Needs no exchange and no stores; settings do not matter to "
                   "it.\n";
        case Command::record:
            return "Asks the scanner that the settings name for a recording (POST /recordings) and waits for its end; "
                   "what\nwas recorded is in that scanner's folder. Exit code 1 where it refused, or the recording "
                   "failed.\n\n"
                   "  --for TIME          how long, as in 90s, 10m or 2h; without it until Ctrl-C\n"
                   "  --url URL           where the scanner is, in place of SCANNER_HTTP_ADDRESS and "
                   "SCANNER_HTTP_PORT\n"
                   "  --api-token TOKEN … any setting as a flag\n";
        case Command::replay:
            return "Takes the recording as files or a folder, and serves it by its clock: answers, streams and "
                   "console as\nthey would have been, each saying that it is a replay. History and alerts go to a "
                   "store of its own,\nwhich is removed after it unless --data-dir names a folder. Needs no "
                   "exchange.\n\n"
                   "  --speed 1|60|max    times as fast as it was; /replay changes it\n"
                   "  --from TIME         begin there, as in 2026-11-30T19:33:10Z\n"
                   "  --to TIME           end there\n"
                   "  --settings FILE     settings in place of the recorded ones, as in an .env file\n"
                   "  --http-port N …     any setting as a flag, over these\n"
                   "  --deliver           alerts go to the webhook that FILE or a flag names\n\n"
                   "Without serving, as fast as it can, a line to standard output for each recorded ranking, and to\n"
                   "standard error what differs from the digests in the recording; exit code 1 where one does:\n\n"
                   "  --digest            number and digest of each ranking\n"
                   "  --list              time and best contract as well\n";
        case Command::rules:
            return "`market-scanner rules try \"EXPRESSION\"` writes a line for each alert that the rule would have "
                   "fired, "
                   "by the\ncycles that history keeps: of the scanner that the settings name, which must not run, or "
                   "of "
                   "a replay that\nwas served with --data-dir.\n\n"
                   "  --from TIME         from then on, as in 2026-11-30T19:33:10Z\n"
                   "  --to TIME           before then\n"
                   "  --profile NAME      as ranked under it, in place of SCANNER_PROFILE_DEFAULT\n"
                   "  --cooldown SECONDS  between two alerts of one contract (300)\n"
                   "  --data-dir DIR …    any setting as a flag\n";
        case Command::config:
            return "  --json              as JSON\n"
                   "  --markdown          the reference table of docs/settings.md\n"
                   "  --env-example       the file .env.example\n";
        case Command::migrate: return "Safe to repeat. The daemon does the same when it starts.\n";
    }
    return "";
}

constexpr std::string_view kCommonFlags =
    "  --env-file PATH     read settings from this file and not from ./.env\n"
    "  --help, -h          this text; after a command: that command's\n"
    "  --version, -V       the version\n";

std::string settings_help() {
    std::string out = "Settings, as flags over environment over the .env file over defaults:\n";
    std::string_view section;
    for (const auto& info : settings::setting_infos()) {
        if (info.section != section) out += fmt::format("\n{}\n", info.section);
        section = info.section;
        out += fmt::format("  --{}{}   {}{}\n", info.flag, info.is_switch ? "[=true|false]" : " …", info.name,
                           info.reloadable ? "   (SIGHUP)" : "");
        out += wrapped(info.help);
        out += wrapped(fmt::format("Default: {}. Expected: {}.", info.default_text.empty() ? "none" : info.default_text,
                                   info.expected));
    }
    return out;
}

}  // namespace

std::string program_help() {
    std::string out = fmt::format(
        "market-scanner ranks the USDT perpetual swaps of {} by risk-adjusted opportunity.\n\n"
        "Usage: market-scanner [COMMAND] [--flags]\n\nCommands:\n",
        exchange::known_exchanges().front().display_name);
    for (const Command command :
         {Command::serve, Command::collect_once, Command::compute, Command::detect, Command::recording, Command::record,
          Command::replay, Command::rules, Command::config, Command::migrate}) {
        out += fmt::format("  {:<18}  {}\n", to_string(command), does(command));
    }
    out += fmt::format("\nFlags:\n{}", kCommonFlags);
    out +=
        "\nEvery setting is a flag too: --http-port 8010 for SCANNER_HTTP_PORT=8010. `market-scanner serve --help`\n"
        "lists them all, `market-scanner config` shows what is in effect.\n"
        "\nExit codes: 0 done, 1 failed, 2 bad usage or settings.\n";
    return out;
}

std::string command_help(Command command) {
    std::string out = fmt::format("Usage: market-scanner {} [--flags]\n\n{}\n\n", to_string(command), does(command));
    out += fmt::format("{}\nFlags:\n{}", details(command), kCommonFlags);
    const bool has_settings = command != Command::compute && command != Command::detect &&
                              command != Command::recording && command != Command::record &&
                              command != Command::replay && command != Command::rules;
    if (has_settings) out += "\n" + settings_help();
    return out;
}

}  // namespace scanner::app
