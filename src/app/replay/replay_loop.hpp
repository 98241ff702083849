#pragma once

#include <boost/asio/io_context.hpp>

namespace scanner::app {

/// A loop whose tasks can be destroyed before what they refer to: `shutdown` does, and then it runs nothing more.
class ReplayLoop : public boost::asio::io_context {
public:
    using boost::asio::io_context::io_context;
    using boost::asio::io_context::shutdown;
};

}  // namespace scanner::app
