// The text form of faults: what --fault and POST /_simulator/faults understand.
#include "simulator/face/encode/duration.hpp"
#include "simulator/face/faults/faults.hpp"
#include "simulator/face/state/directory.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <cstddef>

namespace scanner::simulator::face {
namespace {

using core::ErrorCode;
using std::chrono::milliseconds;

constexpr std::array<FaultInfo, 29> kInfos{{
    {FaultKind::http_429, "429", "HTTP 429 with a JSON body"},
    {FaultKind::http_429_html, "429-html", "HTTP 429 with an HTML page"},
    {FaultKind::body_1032, "1032", "HTTP 200 with the over-limit error (1032, or \"request limit\" for market data)"},
    {FaultKind::http_5xx, "5xx", "HTTP 500..599 with a gateway's HTML page (status=503)"},
    {FaultKind::maintenance, "maintenance", "{\"status\":\"maintain\"} everywhere; /heartbeat/ says 0"},
    {FaultKind::slow, "slow", "answers late (delay=5s)"},
    {FaultKind::truncated, "truncated", "the connection ends half way through the body"},
    {FaultKind::empty, "empty", "HTTP 200 with an empty body"},
    {FaultKind::malformed, "malformed", "cut JSON, an HTML page or wrong types, with HTTP 200"},
    {FaultKind::non_finite, "non-finite", "NaN, 1e999 and \"NaN\" in place of numbers"},
    {FaultKind::stale_book, "stale-book", "order books and their times stand still"},
    {FaultKind::vanish, "vanish", "contracts disappear from lists and are unknown by name"},
    {FaultKind::stale_candles, "stale-candles", "candles end when the fault is set"},
    {FaultKind::resized, "resize", "contracts are ten times as big"},
    {FaultKind::relisted, "relist", "the contract list has a delivered row in front of the live one"},
    {FaultKind::cached, "cached", "answers stand still, as those of a cache in front"},
    {FaultKind::clock_skew, "clock-skew", "every ts is off (offset=-30s)"},
    {FaultKind::bulk_404, "404-bulk", "v1 funding and open interest are gone: only /v5 answers"},
    {FaultKind::reset, "reset", "the connection is dropped without an answer"},
    {FaultKind::ws_drop_version, "ws-drop-version", "a change of a book is not sent: the next version is one too far"},
    {FaultKind::ws_duplicate, "ws-duplicate", "a frame is sent twice"},
    {FaultKind::ws_stall, "ws-stall", "topics say nothing while their socket lives"},
    {FaultKind::ws_half_open, "ws-half-open", "a connection says nothing any more and is not closed"},
    {FaultKind::ws_disconnect, "ws-disconnect", "a connection is dropped without a close"},
    {FaultKind::ws_refuse, "ws-refuse", "handshakes are refused with a gateway's page (status=503)"},
    {FaultKind::ws_slow, "ws-slow", "the frames of a connection come late (delay=5s)"},
    {FaultKind::ws_garbage, "ws-garbage", "a frame that cannot be read in place of a good one"},
    {FaultKind::ws_bomb, "ws-bomb", "a frame that inflates to 32 MiB in place of a good one"},
    {FaultKind::ws_wrong_book, "ws-wrong-book", "a change of a book that is not what REST shows"},
}};

class FaultReader {
public:
    core::Result<FaultSpec> read(std::string_view text) {
        bool first = true;
        while (first || !text.empty()) {
            const std::string_view part = text.substr(0, text.find(':'));
            text.remove_prefix(std::min(text.size(), part.size() + 1));
            if (first) {
                kind(part);
            } else {
                option(part);
            }
            first = false;
        }
        if (fault_.on && fault_.on->count() == 0) problem("on must be longer than 0");
        if (!problems_.empty()) return core::fail(ErrorCode::invalid_input, problems_);
        return fault_;
    }

private:
    void problem(const std::string& what) {
        if (!problems_.empty()) problems_ += "; ";
        problems_ += what;
    }
    void kind(std::string_view name) {
        const auto found = std::ranges::find(kInfos, name, &FaultInfo::name);
        if (found != kInfos.end()) {
            fault_.kind = found->kind;
            return;
        }
        std::string known;
        for (const FaultInfo& info : kInfos) known += (known.empty() ? "" : ", ") + std::string(info.name);
        problem("unknown kind \"" + std::string(name) + "\", known are " + known);
    }
    void option(std::string_view part) {
        const std::size_t equals = part.find('=');
        const std::string_view name = part.substr(0, equals);
        const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
        if (name == "rate") return rate(value);
        if (name == "on") return duration(name, value, fault_.on.emplace());
        if (name == "off") return duration(name, value, fault_.off.emplace());
        if (name == "after") return duration(name, value, fault_.after);
        if (name == "delay") return duration(name, value, fault_.delay);
        if (name == "offset") return offset(value);
        if (name == "status") return status(value);
        if (name == "contract" && !value.empty()) {
            fault_.contract = upper_ascii(value);
        } else if (name == "path" && !value.empty()) {
            fault_.path = value;
        } else {
            problem("\"" + std::string(part) +
                    "\" is not one of rate=, on=, off=, after=, contract=, path=, delay=, offset=, status=");
        }
    }
    void rate(std::string_view value) {
        const auto number = core::parse_double(value);
        if (number && *number >= 0.0 && *number <= 1.0) {
            fault_.rate = *number;
        } else {
            problem("rate=" + std::string(value) + " is not a number from 0 to 1");
        }
    }
    void duration(std::string_view name, std::string_view value, milliseconds& into) {
        const auto length = parse_duration(value);
        if (length) {
            into = *length;
        } else {
            problem(std::string(name) + "=" + std::string(value) + " is not a duration such as 500ms, 5s or 2m");
        }
    }
    void offset(std::string_view value) {
        const bool negative = value.starts_with('-');
        const auto length = parse_duration(negative || value.starts_with('+') ? value.substr(1) : value);
        if (length) {
            fault_.offset = negative ? -*length : *length;
        } else {
            problem("offset=" + std::string(value) + " is not a duration such as -30s or 2m");
        }
    }
    void status(std::string_view value) {
        const auto number = core::parse_int(value);
        if (number && *number >= 500 && *number <= 599) {
            fault_.status = static_cast<int>(*number);
        } else {
            problem("status=" + std::string(value) + " is not a status from 500 to 599");
        }
    }

    FaultSpec fault_;
    std::string problems_;
};

}  // namespace

const std::array<FaultInfo, 29>& fault_infos() {
    return kInfos;
}

std::string_view to_string(FaultKind kind) {
    return std::ranges::find(kInfos, kind, &FaultInfo::kind)->name;
}

core::Result<FaultSpec> parse_fault(std::string_view text) {
    return FaultReader().read(text);
}

std::string to_text(const FaultSpec& fault) {
    const FaultSpec plain{.kind = fault.kind};
    std::string text(to_string(fault.kind));
    if (fault.rate != plain.rate) text += ":rate=" + core::format_double(fault.rate);
    if (fault.on) text += ":on=" + duration_text(*fault.on);
    if (fault.off) text += ":off=" + duration_text(*fault.off);
    if (fault.after != plain.after) text += ":after=" + duration_text(fault.after);
    if (!fault.contract.empty()) text += ":contract=" + fault.contract;
    if (!fault.path.empty()) text += ":path=" + fault.path;
    if (fault.delay != plain.delay) text += ":delay=" + duration_text(fault.delay);
    if (fault.offset != plain.offset) text += ":offset=" + duration_text(fault.offset);
    if (fault.status != plain.status) text += ":status=" + std::to_string(fault.status);
    return text;
}

}  // namespace scanner::simulator::face
