# make install, and make deb: programs, console, settings file, systemd unit, documentation.
# The component `program` is what an image needs; `service` is what a machine with systemd wants besides.
include(GNUInstallDirs)
set(CMAKE_INSTALL_DOCDIR "${CMAKE_INSTALL_DATAROOTDIR}/doc/market-scanner")
GNUInstallDirs_get_absolute_install_dir(CMAKE_INSTALL_FULL_DOCDIR CMAKE_INSTALL_DOCDIR DOCDIR)
set(SCANNER_SETTINGS_FILE "${CMAKE_INSTALL_FULL_SYSCONFDIR}/market-scanner/market-scanner.env")

install(TARGETS market-scanner htx-simulator RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT program)
# make panel builds it. Without it the scanner runs and /panel says that it is not built.
install(DIRECTORY "${CMAKE_SOURCE_DIR}/web/panel/dist/" DESTINATION "${CMAKE_INSTALL_DATADIR}/market-scanner/panel"
  COMPONENT program)

# The settings: .env.example with the one default that is not for a service.
file(READ "${CMAKE_SOURCE_DIR}/.env.example" settings)
string(REPLACE "Copy to .env and change what you need" "Change what you need, then: systemctl reload market-scanner (restart for what a reload cannot change)"
  settings "${settings}")
string(REGEX REPLACE "\n#SCANNER_DATA_DIR=[^\n]*" "\nSCANNER_DATA_DIR=/var/lib/market-scanner" settings "${settings}")
if(NOT settings MATCHES "\nSCANNER_DATA_DIR=/var/lib/market-scanner\n")
  message(FATAL_ERROR ".env.example has no SCANNER_DATA_DIR to set")
endif()
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/market-scanner.env" CONTENT "${settings}" @ONLY)
configure_file("${CMAKE_SOURCE_DIR}/deploy/systemd/market-scanner.service.in" "${CMAKE_BINARY_DIR}/market-scanner.service" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/market-scanner.env" DESTINATION "${CMAKE_INSTALL_FULL_SYSCONFDIR}/market-scanner"
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ COMPONENT service)
install(FILES "${CMAKE_BINARY_DIR}/market-scanner.service" DESTINATION lib/systemd/system COMPONENT service)
install(FILES "${CMAKE_SOURCE_DIR}/deploy/systemd/sysusers.conf" DESTINATION lib/sysusers.d RENAME market-scanner.conf
  COMPONENT service)
file(GLOB pages "${CMAKE_SOURCE_DIR}/docs/*.md")
install(FILES "${CMAKE_SOURCE_DIR}/README.md" ${pages} DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT service)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/deploy/prometheus" "${CMAKE_SOURCE_DIR}/deploy/grafana"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT service)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/examples" DESTINATION "${CMAKE_INSTALL_DOCDIR}" USE_SOURCE_PERMISSIONS COMPONENT service)

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # installs what was built, and builds nothing: cpack would build the tests too
set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)  # the settings file has its place in /etc
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME market-scanner)
set(CPACK_PACKAGE_VENDOR "market-scanner")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "ranks HTX's USDT perpetual swaps by risk-adjusted opportunity")
set(CPACK_PACKAGE_DESCRIPTION "One daemon reads the market of the HTX exchange, computes liquidity,
cost, volatility, momentum, carry, microstructure and manipulation risk
of every USDT-margined perpetual swap, ranks them each scan cycle, and
serves the result over HTTP, WebSocket and Server-Sent Events, with an
operator console. With a simulator of the exchange.")
set(CPACK_PACKAGE_CONTACT "market-scanner maintainers <maintainers@market-scanner.invalid>")
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql, redis-server, prometheus")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_SOURCE_DIR}/deploy/debian/postinst;${CMAKE_SOURCE_DIR}/deploy/debian/prerm;${CMAKE_SOURCE_DIR}/deploy/debian/postrm;${CMAKE_SOURCE_DIR}/deploy/debian/conffiles")
include(CPack)
