// Asio's TLS, compiled once (BOOST_ASIO_SEPARATE_COMPILATION): Redis alone uses it.
#include <boost/asio/ssl/impl/src.hpp>
