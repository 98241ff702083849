# market-scanner and htx-simulator with the operator console, on Debian 13 without compilers.
#   docker build -t market-scanner .
# Without a Docker engine: scripts/image-check.sh (buildah). Packages come from the lists of scripts/install-packages.sh;
# what was installed, with versions, is in /usr/share/market-scanner/{build,runtime}-packages.txt of the image.
ARG DEBIAN=docker.io/library/debian:13.1-slim
# The stages that build may start from another image: one that knows a proxy or a mirror, say.
ARG BUILD_DEBIAN=${DEBIAN}

FROM ${BUILD_DEBIAN} AS panel
WORKDIR /project
COPY scripts/install-packages.sh scripts/
RUN scripts/install-packages.sh panel
COPY scripts/build-panel.sh scripts/
COPY web/panel web/panel
COPY web/docs web/docs
RUN scripts/build-panel.sh

FROM ${BUILD_DEBIAN} AS compilers
WORKDIR /project
COPY scripts/install-packages.sh scripts/
RUN scripts/install-packages.sh compile

FROM compilers AS build
COPY . .
COPY --from=panel /project/web/panel/dist web/panel/dist
ARG BUILD_JOBS=
RUN --mount=type=cache,id=market-scanner-ccache,target=/root/.cache/ccache \
  cmake --preset release -DSCANNER_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr \
  && cmake --build --preset release ${BUILD_JOBS:+-j "$BUILD_JOBS"} --target market-scanner htx-simulator \
  && DESTDIR=/out cmake --install build/release --strip --component program \
  && dpkg-query -W -f='${Package} ${Version} ${Architecture}\n' >/out/usr/share/market-scanner/build-packages.txt

FROM ${DEBIAN} AS runtime
# Of the scripts only the one list; nothing of it stays.
RUN --mount=type=bind,source=scripts/install-packages.sh,target=/tmp/install-packages.sh \
  /tmp/install-packages.sh runtime \
  && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY --from=build /out/usr /usr
COPY deploy/docker/entrypoint deploy/docker/healthcheck deploy/docker/console-link deploy/docker/passwords /usr/libexec/market-scanner/
RUN ldd /usr/bin/market-scanner /usr/bin/htx-simulator | { ! grep 'not found'; } \
  && groupadd --system --gid 10010 market-scanner \
  && useradd --system --uid 10010 --gid market-scanner --home-dir /var/lib/market-scanner --shell /usr/sbin/nologin market-scanner \
  && install -d -o market-scanner -g market-scanner -m 0750 /var/lib/market-scanner \
  && install -d -o market-scanner -g market-scanner -m 0755 /var/lib/passwords/postgres /var/lib/passwords/redis \
  && ln -s ../libexec/market-scanner/console-link /usr/bin/console-link \
  && dpkg-query -W -f='${Package} ${Version} ${Architecture}\n' >/usr/share/market-scanner/runtime-packages.txt

LABEL org.opencontainers.image.title="Advance Market Scanner" \
  org.opencontainers.image.description="Ranks the USDT-margined perpetual swaps of HTX by risk-adjusted opportunity" \
  org.opencontainers.image.documentation="docs/operations.md in the source" \
  org.opencontainers.image.base.name="docker.io/library/debian:13.1-slim"
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

ENV SCANNER_HTTP_ADDRESS=0.0.0.0 SCANNER_HTTP_PORT=8010 SCANNER_DATA_DIR=/var/lib/market-scanner
USER 10010:10010
WORKDIR /var/lib/market-scanner
VOLUME /var/lib/market-scanner
EXPOSE 8010
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/libexec/market-scanner/healthcheck"]
ENTRYPOINT ["/usr/libexec/market-scanner/entrypoint"]
CMD ["serve"]
