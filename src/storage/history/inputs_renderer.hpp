#pragma once

#include "scanner/storage/inputs_schema.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::storage {

/// Renders rows of one schema as JSON objects: what is the same for all of them is made once. Immutable.
class InputsRenderer {
public:
    /// What `newest` has beyond `schema` was added later and is null; what it lacks is shown all the same.
    InputsRenderer(const InputsSchema& schema, const InputsSchema& newest);

    /// As render_inputs().
    [[nodiscard]] std::string render(std::span<const std::optional<double>> numbers, std::string_view texts_json,
                                     std::string_view symbol) const;

private:
    class Output;
    /// An object within the object. Numbered from 1, outer ones first; 0 is the whole.
    struct Group {
        std::string path;
        std::string opening;     ///< ,"name":{
        std::size_t parent = 0;  ///< smaller than its own number
    };
    struct Member {
        std::string path;
        std::string key;  ///< ,"name":
        InputKind kind = InputKind::number;
        std::size_t group = 0;
        std::optional<std::size_t> place;  ///< in a row's numbers
    };

    [[nodiscard]] std::size_t number_of_group(std::string_view path);

    std::vector<Group> groups_;
    std::vector<Member> members_;
    std::size_t usual_bytes_ = 0;
};

}  // namespace scanner::storage
