#include "scanner/ranking/row_fields.hpp"

namespace scanner::ranking {

const RowField* find_item_field(std::string_view name) noexcept {
    const auto fields = item_fields();
    const auto found = std::ranges::find(fields, name, &RowField::name);
    return found == fields.end() ? nullptr : &*found;
}

bool is_as_in_cycle(const ScoredContract& item) {
    return std::ranges::all_of(detail::kRequestNumbers, [&item](const detail::RequestNumber& number) {
        return number.get(item) == signals::known(item.numbers(), *number.field);
    });
}

}  // namespace scanner::ranking
