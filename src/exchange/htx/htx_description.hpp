#pragma once

#include "scanner/exchange/exchange_description.hpp"

namespace scanner::exchange::htx {

inline constexpr ExchangeDescription kDescription{.name = "htx",
                                                  .display_name = "HTX",
                                                  .base_url = "https://api.hbdm.com",
                                                  .contract_page =
                                                      "https://www.htx.com/futures/linear_swap/exchange"
                                                      "#contract_code={contract_code}&contract_type=swap&type=cross"};

}  // namespace scanner::exchange::htx
