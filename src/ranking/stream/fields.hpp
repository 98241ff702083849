#pragma once

#include "scanner/ranking/pack.hpp"
#include "scanner/ranking/pack_market.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/detector_verdict.hpp"
#include "scanner/signals/number_field.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What the structs of `signals` and `ranking` are made of, for packing.
namespace scanner::ranking {

template <>
struct Fields<signals::ManipulationContribution> {
    static void visit(auto& self, auto& pack) {
        pack.literal(self.feature);
        pack(self.value);
    }
};

template <>
struct Fields<signals::FlagEvidence> {
    static void visit(auto& self, auto& pack) {
        pack.literal(self.quantity);
        pack(self.value, self.threshold, self.above);
    }
};

template <>
struct Fields<signals::FlagDetail> {
    static void visit(auto& self, auto& pack) {
        pack.literal(self.flag);
        pack(self.severity, self.evidence_count);
        if constexpr (std::remove_cvref_t<decltype(pack)>::kReads) {
            pack.require(self.evidence_count <= self.evidence.size(), "more evidence than there can be");
            if (!pack.ok()) self.evidence_count = 0;
        }
        for (auto& evidence : std::span(self.evidence).first(std::min(self.evidence_count, self.evidence.size())))
            pack(evidence);
    }
};

template <>
struct Fields<signals::EpisodeEvidence> {
    static void visit(auto& self, auto& pack) { pack(self.name, self.value, self.threshold, self.unit); }
};

template <>
struct Fields<signals::OpenEpisode> {
    static void visit(auto& self, auto& pack) {
        pack(self.id);
        pack.literal(self.flag);
        pack(self.phase, self.start, self.probability, self.severity, self.evidence);
    }
};

/// Lists of names that live for ever.
void visit_literals(auto& names, auto& pack) {
    if constexpr (std::remove_cvref_t<decltype(pack)>::kReads) {
        names.clear();
        names.resize(pack.count(1'000));
    } else {
        pack.whole(names.size());
    }
    for (auto& name : names) pack.literal(name);
}

template <>
struct Fields<signals::DetectorVerdict> {
    static void visit(auto& self, auto& pack) {
        pack(self.score, self.probability, self.quarantined, self.quarantined_until, self.judged, self.episodes);
        visit_literals(self.flags, pack);
        visit_literals(self.unknown_flags, pack);
    }
};

template <>
struct Fields<RankingSettings> {
    static void visit(auto& self, auto& pack) {
        pack(self.default_profile, self.notional_usdt, self.min_qvol_usdt, self.max_spread_bps, self.min_listed_days,
             self.include_carry, self.simulated);
        pack.choice(self.manip_model, static_cast<unsigned>(core::ManipModel::measured) + 1U);
        pack(self.quarantine);
    }
};

template <>
struct Fields<Exclusion> {
    static void visit(auto& self, auto& pack) { pack(self.contract_code, self.reason, self.detail); }
};

/// What the writer of a message called its numbers, components and weights, in the order in which it wrote them.
struct Schema {
    std::vector<std::string> numbers;
    std::vector<std::string> components;
    std::vector<std::string> weights;
};
template <>
struct Fields<Schema> {
    static void visit(auto& self, auto& pack) { pack(self.numbers, self.components, self.weights); }
};
/// Of this version.
[[nodiscard]] const Schema& own_schema();

/// A writer's lines as this version knows them.
struct KnownSchema {
    std::vector<const signals::NumberField*> numbers;
    std::vector<double signals::ScoreComponents::*> components;
    std::vector<double signals::Weights::*> weights;
    std::vector<const signals::NumberField*> missing;  ///< numbers that the writer did not know
};
/// invalid_input where a name is not known: a newer version wrote it.
[[nodiscard]] core::Result<KnownSchema> known_schema(const Schema& schema);

/// Whose a number is.
enum class Owner : std::uint8_t { contract, edges, flow };
[[nodiscard]] constexpr Owner owner_of(signals::FieldGroup group) noexcept {
    if (group == signals::FieldGroup::edges) return Owner::edges;
    return group == signals::FieldGroup::flow ? Owner::flow : Owner::contract;
}
/// The owner's numbers, each as it is, neutral values included, and which of them are unknown.
void write_numbers(PackWriter& pack, Owner owner, const signals::NumbersView& view, const signals::NumberSet& unknown);
void read_numbers(PackReader& pack, Owner owner, const KnownSchema& schema, const signals::NumbersRef& into,
                  signals::NumberSet& unknown);

}  // namespace scanner::ranking
