#include "scanner/settings/env_file.hpp"

#include <algorithm>

namespace scanner::settings {
namespace {

bool is_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return !name.empty() && letter(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c) || c == '.' || c == '-'; });
}

/// Reads the file character by character, since a quoted value may go on over lines.
class EnvFileReader {
public:
    explicit EnvFileReader(std::string_view text) : rest_(text) {
        if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    }

    core::Result<SettingTexts> read() {
        while (!rest_.empty()) {
            const std::size_t line = line_;
            const std::string complaint = read_line();
            if (complaint.empty()) continue;
            complaints_ += (complaints_.empty() ? "line " : "; line ") + std::to_string(line) + ": " + complaint;
            skip_line();
        }
        if (!complaints_.empty()) return core::fail(core::ErrorCode::invalid_input, complaints_);
        return texts_;
    }

private:
    /// Reads a line and its end; returns what is wrong with it, in which case its rest is still there.
    std::string read_line() {
        skip_blanks();
        if (at_line_end() || rest_.starts_with('#')) {
            skip_line();
            return {};
        }
        std::string name = read_name();
        if (name == "export" && !rest_.starts_with('=')) {
            skip_blanks();
            name = read_name();
        }
        skip_blanks();
        if (!rest_.starts_with('=')) return "no '=' after the name";
        if (!is_name(name)) return "a name of letters, digits and '_' must stand before '='";
        rest_.remove_prefix(1);
        skip_blanks();
        std::string value;
        if (std::string complaint = read_value(value); !complaint.empty()) return complaint;
        texts_[name] = std::move(value);
        return {};
    }

    std::string read_value(std::string& value) {
        if (!rest_.starts_with('"') && !rest_.starts_with('\'')) {
            value = read_bare_value();
            if (value.find('\0') != std::string::npos) return "a zero byte";
            skip_line();
            return {};
        }
        const char quote = rest_.front();
        rest_.remove_prefix(1);
        if (!read_quoted(quote, value)) return std::string("a ") + quote + " that is never closed";
        skip_blanks();
        if (!at_line_end() && !rest_.starts_with('#')) return "text after the closing quote";
        skip_line();
        return {};
    }

    std::string read_name() {
        const std::size_t end = rest_.find_first_of("= \t\r\n");
        const std::string_view name = rest_.substr(0, end);
        rest_.remove_prefix(name.size());
        return std::string(name);
    }

    /// Up to the end of the line or a '#' after a blank, without blanks at its end.
    std::string read_bare_value() {
        std::string_view line = rest_.substr(0, rest_.find('\n'));
        for (std::size_t i = 0; i < line.size(); ++i) {
            const bool after_blank = i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t';
            if (line[i] == '#' && after_blank) line = line.substr(0, i);
        }
        const std::size_t last = line.find_last_not_of(" \t\r");
        return std::string(line.substr(0, last == std::string_view::npos ? 0 : last + 1));
    }

    bool read_quoted(char quote, std::string& value) {
        const std::string_view rest = rest_;
        const std::size_t line = line_;
        while (!rest_.empty()) {
            char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '\n') ++line_;
            if (c == quote) return true;
            if (c == '\\' && quote == '"' && !rest_.empty()) {
                c = rest_.front();
                rest_.remove_prefix(1);
                if (c == '\n') ++line_;
                append_escaped(c, value);
            } else {
                value += c;
            }
        }
        rest_ = rest;  // so that only this line is blamed and the next ones are still read
        line_ = line;
        return false;
    }

    static void append_escaped(char c, std::string& value) {
        switch (c) {
            case 'n': value += '\n'; return;
            case 't': value += '\t'; return;
            case 'r': value += '\r'; return;
            case '"':
            case '\\':
            case '$': value += c; return;
            default: value.append(1, '\\').append(1, c);
        }
    }

    [[nodiscard]] bool at_line_end() const {
        return rest_.empty() || rest_.front() == '\n' || rest_.starts_with("\r\n") || rest_ == "\r";
    }
    void skip_blanks() {
        while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
    }
    void skip_line() {
        const std::size_t end = rest_.find('\n');
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        ++line_;
    }

    std::string_view rest_;
    std::size_t line_ = 1;
    SettingTexts texts_;
    std::string complaints_;
};

}  // namespace

core::Result<SettingTexts> parse_env_file(std::string_view text) {
    return EnvFileReader(text).read();
}

}  // namespace scanner::settings
