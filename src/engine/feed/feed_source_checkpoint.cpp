#include "engine/checkpoint/values.hpp"
#include "engine/feed/feed_source.hpp"

#include <string>
#include <utility>

namespace scanner::engine {
namespace {

void persist(core::ConstOr<FollowedContract> auto& self, auto& archive) {
    auto& [contract, on_demand, book, confirmed_at, confirmed, book_frame, late_since, traded, traded_read, hole,
           followed, life, tape_frame, newest] = self;
    archive(contract, on_demand, book, confirmed_at, confirmed, book_frame, late_since, traded, traded_read, hole,
            followed, life, tape_frame, newest);
    archive.require(contract != nullptr && book <= exchange::BookState::disconnected);
}

}  // namespace

void FeedSource::persist_following(auto& self, auto& archive) {
    archive(self.book_changed, self.price, self.move, self.candle, self.tape, self.flow, self.flow_changed,
            self.flow_changes_at, self.newest, self.keeps_books, self.kept);
    archive.require(self.kept.size() <= kMaxKeptBooks);
    for (const auto& book : self.kept) archive.require(book != nullptr);
}

void FeedSource::save(core::CheckpointWriter& archive) const {
    archive(static_cast<std::uint64_t>(followed_.size()));
    for (const auto& [code, contract] : followed_) {
        const Following& following = following_.at(code);
        archive(code, following.written_to != nullptr && following.written_to == state_.find(code).get());
        persist(contract, archive);
        persist_following(following, archive);
    }
    archive(looks_, readings_, tape_lives_, last_live_, liquidations_followed_, changed_);
}

void FeedSource::load(core::CheckpointReader& archive) {
    followed_.clear();
    following_.clear();
    const std::size_t count = archive.count();
    for (std::size_t i = 0; i < count && archive.ok(); ++i) {
        std::string code;
        bool written = false;
        archive(code, written);
        Following& following = following_[code];
        persist(followed_[code], archive);
        persist_following(following, archive);
        // The state is another object here; it holds what the one before held.
        if (written) following.written_to = state_.find(code).get();
    }
    archive(looks_, readings_, tape_lives_, last_live_, liquidations_followed_, changed_);
}

}  // namespace scanner::engine
