#pragma once

#include <string_view>

namespace scanner::exchange {

/// An exchange's names and addresses. Static texts.
struct ExchangeDescription {
    std::string_view name;           ///< short, lower case: how settings, answers and stored rankings name it
    std::string_view display_name;   ///< how it writes itself
    std::string_view base_url;       ///< of its REST interface, no trailing slash
    std::string_view contract_page;  ///< a contract's page; "{contract_code}" stands for the percent-encoded code
};

}  // namespace scanner::exchange
