# GCC before 13 silently miscompiles everyday co_await expressions (braced arguments, conditional operands, captured
# lambdas: double frees without a warning; GCC PR 99576 and its family). A build that appears to work is the danger.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "GCC ${CMAKE_CXX_COMPILER_VERSION} silently miscompiles co_await expressions (GCC PR 99576). "
    "Use clang 19 (the presets do: cmake --preset release) or GCC 13 or newer.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
# Debian 12's cmake scans for C++20 modules with clang-scan-deps otherwise; there are none here.
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

option(SCANNER_PRECOMPILE "Precompile the headers that every coroutine needs (saves about 2 s of 5 a file)" ON)
find_program(SCANNER_CCACHE ccache)
if(SCANNER_CCACHE AND SCANNER_PRECOMPILE)
  # Without these ccache takes no file that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${SCANNER_CCACHE}")
elseif(SCANNER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SCANNER_CCACHE}")
endif()

add_library(scanner_options INTERFACE)
target_include_directories(scanner_options INTERFACE "${CMAKE_SOURCE_DIR}/include")
target_compile_options(scanner_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wformat=2 -Wcast-align -Wdouble-promotion -Wmissing-declarations -Wextra-semi -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # A designated initialiser that names only what differs is how options structs are meant to be used.
  target_compile_options(scanner_options INTERFACE -Wno-missing-field-initializers -Wno-missing-designated-field-initializers)
endif()
if(SCANNER_PRECOMPILE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(scanner_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")  # ccache compares contents
endif()
if(NOT SCANNER_SANITIZE)
  target_compile_options(scanner_options INTERFACE -fstack-protector-strong
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
  target_link_options(scanner_options INTERFACE -Wl,-z,relro,-z,now)
endif()
include(CheckPIESupported)
check_pie_supported()

find_program(SCANNER_MOLD mold)
if(SCANNER_MOLD)
  target_link_options(scanner_options INTERFACE -fuse-ld=mold)
endif()
