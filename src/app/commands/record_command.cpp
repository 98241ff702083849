#include "app/commands/record_command.hpp"

#include "app/commands/command_line.hpp"
#include "app/commands/invocation.hpp"

#include "scanner/api/recordings.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/settings/settings.hpp"
#include "scanner/settings/settings_load.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <expected>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using std::chrono::seconds;

constexpr seconds kTimeout{15};
constexpr std::chrono::milliseconds kLookInterval{500};
/// A scanner that does not answer for so long is not waited for any more.
constexpr int kMaxFailures = 20;

struct Arguments {
    std::optional<seconds> length;
    std::optional<std::string> url;
    Invocation invocation;  ///< settings given as flags
};

/// "600", "90s", "10m", "2h".
std::optional<seconds> parse_length(std::string_view text) {
    int unit = 1;
    if (text.ends_with('s') || text.ends_with('m') || text.ends_with('h')) {
        unit = text.back() == 's' ? 1 : text.back() == 'm' ? 60 : 3'600;
        text.remove_suffix(1);
    }
    const auto number = core::parse_int(text);
    if (!number || *number < 1 || *number > api::kMaxRecordingTime.count() / unit) return std::nullopt;
    return seconds(*number * unit);
}

std::expected<Arguments, std::string> read_arguments(const std::vector<std::string>& given) {
    Arguments read;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::string_view word = given[i];
        if (!word.starts_with("--")) return std::unexpected(fmt::format("unexpected argument \"{}\"", word));
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(2, equals == std::string_view::npos ? equals : equals - 2);
        const auto infos = settings::setting_infos();
        const auto info = std::ranges::find(infos, name, &settings::SettingInfo::flag);
        if (info == infos.end() && name != "for" && name != "url" && name != "env-file") {
            return std::unexpected(fmt::format("unknown flag --{}", name));
        }
        if (equals == std::string_view::npos && ++i == given.size()) {
            return std::unexpected(fmt::format("--{} needs a value", name));
        }
        std::string value(equals == std::string_view::npos ? std::string_view(given[i]) : word.substr(equals + 1));
        if (info != infos.end()) {
            read.invocation.flags.insert_or_assign(std::string(info->name), std::move(value));
        } else if (name == "url") {
            read.url = std::move(value);
        } else if (name == "env-file") {
            read.invocation.env_file = std::move(value);
        } else {
            read.length = parse_length(value);
            if (!read.length)
                return std::unexpected(std::string("--for: must be a time up to a week, as in 90s, 10m or 2h"));
        }
    }
    return read;
}

/// Where a scanner with these settings answers, seen from this machine.
std::string url_of(const settings::Settings& settings) {
    std::string host = settings.http_address;
    if (host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    if (host.contains(':')) host = "[" + host + "]";
    return fmt::format("http://{}:{}{}", host, settings.http_port, settings.base_path);
}

class Recording {
public:
    Recording(asio::io_context& io, std::string base, std::string token, std::ostream& out, std::ostream& err)
        : client_(net::make_curl_client(io.get_executor(), {})),
          base_(std::move(base)),
          token_(std::move(token)),
          out_(out),
          err_(err),
          signals_(io, SIGINT, SIGTERM) {
        signals_.async_wait([this](const boost::system::error_code& error, int) { interrupted_ = !error; });
    }

    asio::awaitable<int> run(std::optional<seconds> length) {
        const auto begun =
            co_await ask("POST", "/recordings", length ? json{{"for_sec", length->count()}} : json::object());
        if (!begun) co_return complain(begun.error());
        const auto id = begun->value("id", std::string());
        err_ << fmt::format("recording {}; Ctrl-C ends it\n", core::visible_text(id)) << std::flush;
        int failures = 0;
        for (;;) {
            static_cast<void>(co_await net::sleep_for(kLookInterval));
            if (interrupted_) co_return co_await end();
            const auto listed = co_await ask("GET", "/recordings", std::nullopt);
            if (!listed) {
                if (++failures >= kMaxFailures) co_return complain(listed.error());
                continue;
            }
            failures = 0;
            const json& all = listed->value("recordings", json::array());
            const auto mine = std::ranges::find_if(all, [&id](const json& each) { return each.value("id", "") == id; });
            if (mine == all.end()) co_return complain("the recording is not there any more");
            if (mine->at("running").get<bool>()) continue;
            signals_.cancel();
            co_return report(*mine);
        }
    }

private:
    asio::awaitable<int> end() {
        const auto ended = co_await ask("DELETE", "/recordings/current", std::nullopt);
        co_return ended ? report(*ended) : complain(ended.error());
    }

    asio::awaitable<std::expected<json, std::string>> ask(std::string method, std::string path,
                                                          std::optional<json> body) {
        net::ClientRequest request;
        request.method = std::move(method);
        request.url = base_ + path;
        request.timeout = kTimeout;
        if (!token_.empty()) request.headers.push_back({.name = "Authorization", .value = "Bearer " + token_});
        if (body) {
            request.headers.push_back({.name = "Content-Type", .value = "application/json"});
            request.body = body->dump();
        }
        const auto answer = co_await client_->send(std::move(request));
        if (!answer) co_return std::unexpected(answer.error().message());
        json content = json::parse(answer->body, nullptr, false);
        if (answer->status == 200 && content.is_object()) co_return content;
        co_return std::unexpected(content.is_object() ? content.value("detail", fmt::format("HTTP {}", answer->status))
                                                      : fmt::format("HTTP {}", answer->status));
    }

    int report(const json& recording) {
        out_ << fmt::format("{} {} bytes in {} segments\n", recording.value("id", ""), recording.value("bytes", 0ULL),
                            recording.value("segments", 0ULL))
             << std::flush;
        const json error = recording.value("error", json());
        if (error.is_string()) return complain(error.get<std::string>());
        return out_ ? kExitOk : kExitFailure;
    }
    int complain(const std::string& what) {
        signals_.cancel();
        err_ << "market-scanner: record: " << core::visible_text(what) << '\n';
        return kExitFailure;
    }

    std::unique_ptr<net::HttpClient> client_;
    const std::string base_;
    const std::string token_;
    std::ostream& out_;
    std::ostream& err_;
    asio::signal_set signals_;
    bool interrupted_ = false;
};

}  // namespace

int run_record(const std::vector<std::string>& arguments, const settings::SettingTexts& environment, std::ostream& out,
               std::ostream& err) {
    const auto complain = [&err](const std::string& what) {
        err << "market-scanner: record: " << core::visible_text(what) << '\n'
            << "`market-scanner record --help` says more.\n";
        return kExitUsage;
    };
    const auto read = read_arguments(arguments);
    if (!read) return complain(read.error());
    const auto loaded = read_settings(read->invocation, environment);
    if (!loaded) return complain(loaded.error().front());
    std::string url = read->url.value_or(url_of(loaded->settings));
    while (url.ends_with('/')) url.pop_back();
    asio::io_context io(1);
    Recording recording(io, std::move(url), loaded->settings.api_token.value_or(""), out, err);
    int code = kExitFailure;
    asio::co_spawn(io, recording.run(read->length), [&](const std::exception_ptr& failed, int result) {
        code = failed ? kExitFailure : result;
        io.stop();
    });
    io.run();
    return code;
}

}  // namespace scanner::app
