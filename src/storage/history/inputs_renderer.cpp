#include "storage/history/inputs_renderer.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/core/symbol.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace scanner::storage {
namespace {

using nlohmann::json;

/// Of a value with its comma; numbers have 17 digits at most, and mostly fewer.
constexpr std::size_t kUsualValueBytes = 20;

/// "a.b.c": {"a.b", "c"}; "c": {"", "c"}.
std::pair<std::string_view, std::string_view> split(std::string_view path) {
    const std::size_t point = path.rfind('.');
    if (point == std::string_view::npos) return {{}, path};
    return {path.substr(0, point), path.substr(point + 1)};
}

std::string key_of(std::string_view name) {
    std::string key = ",";
    core::append_json_string(key, name);
    return key + ':';
}

/// `newest` and what only the row's own schema has, each behind the last of its group.
std::vector<InputField> merged_fields(const InputsSchema& schema, const InputsSchema& newest) {
    std::vector<InputField> fields = newest.fields();
    for (const InputField& field : schema.fields()) {
        if (std::ranges::find(fields, field.path, &InputField::path) != fields.end()) continue;
        const std::string_view group = split(field.path).first;
        const auto last = std::find_if(fields.rbegin(), fields.rend(),
                                       [&](const InputField& other) { return split(other.path).first == group; });
        fields.insert(last == fields.rend() ? fields.end() : last.base(), field);
    }
    return fields;
}

/// Most rows have no texts of their own.
json parse_texts(std::string_view texts_json) {
    if (texts_json.empty()) return json::object();
    json texts = json::parse(texts_json, nullptr, false);
    return texts.is_object() ? texts : json::object();
}

void append_text(std::string& out, const json& texts, const std::string& path, std::string_view symbol) {
    const auto found = texts.find(path);
    if (found != texts.end() && found->is_string()) {
        core::append_json_string(out, found->get_ref<const std::string&>());
    } else {
        core::append_json_string(out, core::parse_symbol(symbol).value_or(std::string(symbol)));
    }
}

void append_list(std::string& out, const json& texts, const std::string& path) {
    out += '[';
    const auto found = texts.find(path);
    if (found != texts.end() && found->is_array()) {
        bool first = true;
        for (const json& text : *found) {
            if (!text.is_string()) continue;
            if (!std::exchange(first, false)) out += ',';
            core::append_json_string(out, text.get_ref<const std::string&>());
        }
    }
    out += ']';
}

void append_time(std::string& out, double milliseconds) {
    const auto ms = static_cast<std::int64_t>(std::clamp(milliseconds, -1e15, 1e15));
    if (core::is_unix_ms(ms)) {
        core::append_json_string(out, core::format_time(core::from_unix_ms(ms)));
    } else {
        out += "null";
    }
}

void append_number(std::string& out, InputKind kind, const std::optional<double>& number) {
    if (!number) {
        out += "null";
    } else if (kind == InputKind::time) {
        append_time(out, *number);
    } else {
        core::append_json_number(out, *number);
    }
}

}  // namespace

/// Opens and closes groups as their members come, and puts the commas.
class InputsRenderer::Output {
public:
    Output(const std::vector<Group>& groups, std::size_t reserve) : groups_(&groups) {
        text_.reserve(reserve);
        text_ += '{';
    }

    /// Where the member's value goes.
    std::string& member(const Member& member) {
        enter(member.group);
        return begin(member.key);
    }
    void enter(std::size_t group) {
        std::size_t common = group;
        while (group_ != common) {
            if (group_ < common) {
                common = parent_of(common);  // a group is never within one of a higher number
                continue;
            }
            text_ += '}';
            comma_ = true;
            group_ = parent_of(group_);
        }
        while (group_ != group) {
            std::size_t next = group;
            while (parent_of(next) != group_) next = parent_of(next);
            begin((*groups_)[next - 1].opening);
            comma_ = false;
            group_ = next;
        }
    }
    std::string finish() {
        enter(0);
        text_ += '}';
        return std::move(text_);
    }

private:
    [[nodiscard]] std::size_t parent_of(std::size_t group) const { return (*groups_)[group - 1].parent; }
    /// `what` begins with a comma, which is left out where nothing came before.
    std::string& begin(std::string_view what) {
        text_.append(what.substr(comma_ ? 0 : 1));
        comma_ = true;
        return text_;
    }

    const std::vector<Group>* groups_;
    std::string text_;
    std::size_t group_ = 0;
    bool comma_ = false;
};

InputsRenderer::InputsRenderer(const InputsSchema& schema, const InputsSchema& newest) {
    const bool same = &schema == &newest || schema == newest;
    const std::vector<InputField> fields = same ? schema.fields() : merged_fields(schema, newest);
    members_.reserve(fields.size());
    std::size_t next = 0;
    for (const InputField& field : fields) {
        const auto [group, name] = split(field.path);
        Member& member = members_.emplace_back();
        member.path = field.path;
        member.key = key_of(name);
        member.kind = field.kind;
        member.group = number_of_group(group);
        if (is_number(field.kind)) member.place = same ? std::optional(next++) : schema.place_of(field.path);
        usual_bytes_ += member.key.size() + kUsualValueBytes;
    }
    for (const Group& group : groups_) usual_bytes_ += group.opening.size() + 2;
}

std::size_t InputsRenderer::number_of_group(std::string_view path) {
    std::size_t parent = 0;
    for (std::size_t end = 0; end < path.size();) {
        const std::size_t begin = end == 0 ? 0 : end + 1;
        end = std::min(path.find('.', begin), path.size());
        const std::string_view outer = path.substr(0, end);
        const auto known = std::ranges::find(groups_, outer, &Group::path);
        if (known != groups_.end()) {
            parent = static_cast<std::size_t>(known - groups_.begin()) + 1;
            continue;
        }
        groups_.push_back(
            {.path = std::string(outer), .opening = key_of(path.substr(begin, end - begin)) + '{', .parent = parent});
        parent = groups_.size();
    }
    return parent;
}

std::string InputsRenderer::render(std::span<const std::optional<double>> numbers, std::string_view texts_json,
                                   std::string_view symbol) const {
    const json texts = parse_texts(texts_json);
    Output out(groups_, usual_bytes_ + texts_json.size());
    for (const Member& member : members_) {
        if (member.kind == InputKind::text) {
            append_text(out.member(member), texts, member.path, symbol);
        } else if (member.kind == InputKind::list) {
            append_list(out.member(member), texts, member.path);
        } else {
            const auto number = member.place && *member.place < numbers.size() ? numbers[*member.place] : std::nullopt;
            if (!number && member.kind == InputKind::optional) continue;
            if (!number && member.kind == InputKind::sparse) {
                out.enter(member.group);  // an empty group is shown, too
                continue;
            }
            append_number(out.member(member), member.kind, number);
        }
    }
    return out.finish();
}

std::string render_inputs(const InputsSchema& schema, const InputsSchema& newest,
                          std::span<const std::optional<double>> numbers, std::string_view texts_json,
                          std::string_view symbol) {
    return InputsRenderer(schema, newest).render(numbers, texts_json, symbol);
}

}  // namespace scanner::storage
