# One target name per library, whatever Debian release it comes from. Everything is a system header: warnings are ours alone.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(scanner_pkg_library name pkg)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${pkg})
  add_library(deps_${name} INTERFACE)
  target_link_libraries(deps_${name} INTERFACE PkgConfig::${name})
endfunction()

# Boost 1.81 on Debian 12, 1.83 on Debian 13; headers only. 1.74, Debian 12's default, lacks what the coroutines need.
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers)
add_library(deps_boost INTERFACE)
target_link_libraries(deps_boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(deps_boost INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)

# Asio and Beast are each compiled once, here.
add_library(scanner_asio STATIC "${CMAKE_SOURCE_DIR}/src/net/loop/asio_compiled.cpp")
target_link_libraries(scanner_asio PUBLIC scanner_options deps_boost)
add_library(deps_beast STATIC "${CMAKE_SOURCE_DIR}/src/net/server/beast_compiled.cpp")
target_link_libraries(deps_beast PUBLIC scanner_asio)

scanner_pkg_library(curl libcurl)
scanner_pkg_library(zlib zlib)
scanner_pkg_library(deflate libdeflate)
scanner_pkg_library(crypto libcrypto)
scanner_pkg_library(ssl libssl)
scanner_pkg_library(fmt fmt)
scanner_pkg_library(spdlog spdlog)
scanner_pkg_library(hiredis hiredis)
scanner_pkg_library(pqxx libpqxx)
scanner_pkg_library(simdjson simdjson)
scanner_pkg_library(sqlite3 sqlite3)
scanner_pkg_library(xxhash libxxhash)
scanner_pkg_library(zstd libzstd)

find_package(SQLiteCpp REQUIRED)
add_library(deps_sqlite INTERFACE)
target_link_libraries(deps_sqlite INTERFACE SQLiteCpp deps_sqlite3)

find_package(nlohmann_json 3.11 REQUIRED)
add_library(deps_json INTERFACE)
target_link_libraries(deps_json INTERFACE nlohmann_json::nlohmann_json)

# The core library alone: the package's own config file insists on civetweb, which we do not use.
find_path(PROMETHEUS_INCLUDE prometheus/registry.h REQUIRED)
find_library(PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
add_library(deps_prometheus INTERFACE)
target_include_directories(deps_prometheus SYSTEM INTERFACE "${PROMETHEUS_INCLUDE}")
target_link_libraries(deps_prometheus INTERFACE "${PROMETHEUS_CORE}")
