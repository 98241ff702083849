#pragma once

#include "scanner/ranking/scoring.hpp"

namespace scanner::api {

using ranking::ScoredContract;
using ranking::Scoring;

}  // namespace scanner::api
