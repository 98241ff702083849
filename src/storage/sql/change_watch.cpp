#include "storage/sql/change_watch.hpp"

#include "storage/sql/sql.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace scanner::storage {
namespace {

using std::chrono::milliseconds;

/// A connection that is dead without saying so is noticed when the next wait begins.
constexpr milliseconds kWait{5'000};
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{15'000};

}  // namespace

ChangeWatch::ChangeWatch(boost::asio::any_io_executor loop, std::function<std::unique_ptr<ChangeListener>()> connect,
                         std::function<void()> changed)
    : loop_(std::move(loop)),
      connect_(std::move(connect)),
      changed_(std::make_shared<std::function<void()>>(std::move(changed))) {}

ChangeWatch::~ChangeWatch() {
    stop();
    join();
}

void ChangeWatch::start() {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void ChangeWatch::stop() {
    *changed_ = nullptr;
    stopping_ = true;
    const std::scoped_lock guard(mutex_);
    if (listener_) listener_->interrupt();
    stopped_.notify_all();
}

void ChangeWatch::join() {
    if (thread_.joinable()) thread_.join();
}

void ChangeWatch::run() {
    milliseconds next_pause = kFirstPause;
    while (!stopping_) {
        try {
            auto connected = connect_();
            {
                const std::scoped_lock guard(mutex_);
                listener_ = std::move(connected);
            }
            failure_.recovered();
            next_pause = kFirstPause;
            tell();
            while (!stopping_) {
                if (listener_->wait(kWait)) tell();
            }
        } catch (const std::exception& error) {
            if (!stopping_) failure_.failed("unavailable", {{"error", error.what()}});
        }
        std::unique_ptr<ChangeListener> ended;
        {
            const std::scoped_lock guard(mutex_);
            ended = std::move(listener_);
        }
        ended.reset();
        if (!pause(next_pause)) return;
        next_pause = std::min(kLongestPause, next_pause * 2);
    }
}

void ChangeWatch::tell() {
    boost::asio::post(loop_, [changed = changed_] {
        if (*changed) (*changed)();
    });
}

bool ChangeWatch::pause(milliseconds length) {
    std::unique_lock guard(mutex_);
    return !stopped_.wait_for(guard, length, [this] { return stopping_.load(); });
}

}  // namespace scanner::storage
