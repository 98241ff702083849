#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::storage {

/// How a stored input is shown.
enum class InputKind {
    number,    ///< a number, or null
    time,      ///< milliseconds since the epoch; shown as an ISO time, or null
    sparse,    ///< a number that is left out where there is none
    optional,  ///< the same, and the group with it where it has none at all
    text,      ///< a text; where none is kept, the exchange's name of the row's contract
    list,      ///< a list of texts; where none is kept, an empty one
};

struct InputField {
    std::string path;  ///< "metrics.qvol_usdt": groups and the name, separated by points
    InputKind kind = InputKind::number;

    friend bool operator==(const InputField&, const InputField&) = default;
};

/// What the numbers of a row of inputs mean: an ordered list of names. Rows keep an array and the schema's id, so that
/// names are kept once. Fields of one group follow each other. Immutable.
class InputsSchema {
public:
    explicit InputsSchema(std::vector<InputField> fields);

    [[nodiscard]] const std::vector<InputField>& fields() const { return fields_; }
    /// How many numbers a row has: one for each field that is no text.
    [[nodiscard]] std::size_t numbers() const { return numbers_; }
    /// The field's place in a row's numbers; nothing for a text and for what is not in the schema.
    [[nodiscard]] std::optional<std::size_t> place_of(std::string_view path) const;

    friend bool operator==(const InputsSchema& left, const InputsSchema& right) {
        return left.fields_ == right.fields_;
    }

private:
    std::vector<InputField> fields_;
    std::size_t numbers_ = 0;
};
using InputsSchemaPtr = std::shared_ptr<const InputsSchema>;

[[nodiscard]] constexpr bool is_number(InputKind kind) {
    return kind != InputKind::text && kind != InputKind::list;
}

/// A JSON array of texts, "path" or "path:kind", as the table `input_schemas` keeps it.
[[nodiscard]] std::string encode_inputs_schema(const InputsSchema& schema);
/// Nothing for what encode_inputs_schema did not write.
[[nodiscard]] std::optional<InputsSchema> decode_inputs_schema(std::string_view text);

/// A row's inputs as a JSON object of objects. `numbers` and `texts_json` (an object by path; may be empty) are of
/// `schema`; what `newest` has beyond it was added later and is null. `symbol` is the row's.
[[nodiscard]] std::string render_inputs(const InputsSchema& schema, const InputsSchema& newest,
                                        std::span<const std::optional<double>> numbers, std::string_view texts_json,
                                        std::string_view symbol);

}  // namespace scanner::storage
