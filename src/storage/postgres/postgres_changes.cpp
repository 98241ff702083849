#include "storage/postgres/postgres_session.hpp"
#include "storage/postgres/postgres_text.hpp"
#include "storage/postgres/pqxx_compat.hpp"
#include "storage/sql/change_watch.hpp"

#include <fmt/format.h>
#include <pqxx/pqxx>

#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace scanner::storage {
namespace {

class PostgresChanges final : public ChangeListener {
public:
    PostgresChanges(const std::string& url, std::string_view channel)
        : connection_(std::make_unique<pqxx::connection>(with_connection_defaults(url))) {
        pqxx_compat::inhibit_reactivation(*connection_);
        pqxx::nontransaction listening(*connection_);
        listening.exec(fmt::format("LISTEN {}", channel));
        socket_ = connection_->sock();
    }

    // It is the number that counts: nothing is said but that something was changed.
    bool wait(std::chrono::milliseconds at_most) override {
        try {
            const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at_most);
            const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(at_most - seconds);
            if (connection_->await_notification(seconds.count(), rest.count()) > 0) return true;
            // A server that is gone is not waited for in vain: one that is cut off answers nothing either.
            pqxx::nontransaction(*connection_).exec("SELECT 1");
            return connection_->get_notifs() > 0;
        } catch (const pqxx::failure& error) {
            throw SqlError(core::ErrorCode::unavailable, std::string("postgres: ") + error.what());
        }
    }

    void interrupt() noexcept override { ::shutdown(socket_, SHUT_RDWR); }

private:
    std::unique_ptr<pqxx::connection> connection_;
    int socket_ = -1;
};

}  // namespace

std::unique_ptr<ChangeListener> listen_to_postgres(const std::string& url, std::string_view channel) {
    try {
        return std::make_unique<PostgresChanges>(url, channel);
    } catch (const pqxx::failure& error) {
        throw SqlError(core::ErrorCode::unavailable, std::string("postgres: ") + error.what());
    }
}

}  // namespace scanner::storage
