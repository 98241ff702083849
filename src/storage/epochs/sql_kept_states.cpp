#include "storage/epochs/sql_kept_states.hpp"

#include "storage/epochs/epochs_sql.hpp"

#include <chrono>
#include <string_view>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;

/// Who hands a term over waits for it, and so does who takes one.
constexpr std::chrono::milliseconds kLimit{1'000};

}  // namespace

asio::awaitable<core::Result<std::optional<std::string>>> SqlKeptStates::load(std::string name) {
    using Text = std::optional<std::string>;
    std::function<Text(SqlSession&)> work = [name](SqlSession& session) {
        Text text;
        SqlTransaction transaction(session);
        session.execute("SELECT state FROM kept_states WHERE name = ?1", {std::string_view(name)},
                        [&](const SqlRow& row) { text = std::string(row.text(0)); });
        transaction.commit();
        return text;
    };
    co_return co_await link_.call<Text>(std::move(work), kLimit);
}

asio::awaitable<core::Result<void>> SqlKeptStates::save(std::string name, std::string text) {
    std::function<bool(SqlSession&)> work = [name, text = std::move(text), author = author_(),
                                             now = clock_.now()](SqlSession& session) {
        SqlTransaction transaction(session);
        if (!is_in_office(session, author)) return false;
        const std::size_t changed =
            session.execute("UPDATE kept_states SET epoch = ?2, saved_at = ?3, state = ?4 WHERE name = ?1",
                            {std::string_view(name), sql(author.epoch), now, std::string_view(text)});
        if (changed == 0) {
            session.execute("INSERT INTO kept_states (name, epoch, saved_at, state) VALUES (?1, ?2, ?3, ?4)",
                            {std::string_view(name), sql(author.epoch), now, std::string_view(text)});
        }
        transaction.commit();
        return true;
    };
    const auto saved = co_await link_.call<bool>(std::move(work), kLimit);
    if (!saved) co_return std::unexpected(saved.error());
    if (!*saved) co_return core::fail(core::ErrorCode::conflict, "the epoch is closed: another scanner was elected");
    co_return core::Result<void>{};
}

}  // namespace scanner::storage
