# The image of every role. BASE is any image with Node 26 as `node`; BUILD_BASE needs npm besides, and leaves nothing
# of itself behind.
#
#   docker build -t limani .
#   docker run --read-only --volume limani:/var/lib/limani --publish 127.0.0.1:5080:5080 limani
ARG BASE=node:26-bookworm-slim
ARG BUILD_BASE=${BASE}

FROM ${BUILD_BASE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The platform packages carry a Node for npm's scripts; the image has its own. They cannot be left out with
# --omit=optional, because other packages bring their compiled parts the same way. What is installed stands apart from
# the sources: it changes seldom, and is a layer of its own.
RUN npm ci --omit=dev \
  && rm -rf node_modules/node-linux-* node_modules/.bin node_modules/.package-lock.json package-lock.json .npmrc \
  && chmod -R a+rX,go-w node_modules && mv node_modules /dependencies
COPY LICENSE ./
COPY src src
RUN mkdir -p /data && chmod -R a+rX,go-w /app

FROM ${BASE}
LABEL org.opencontainers.image.title="limani" \
  org.opencontainers.image.description="Container registries on Kubernetes, with everything as a custom resource" \
  org.opencontainers.image.licenses="Apache-2.0"
# SQLite spills large sorts into files, and the root file system may be read-only.
ENV NODE_ENV=production \
  LIMANI_LISTEN=0.0.0.0:5080 \
  LIMANI_DATA_DIR=/var/lib/limani \
  SQLITE_TMPDIR=/var/lib/limani
COPY --from=build /dependencies /app/node_modules
COPY --from=build /app /app
COPY --from=build --chown=65532:65532 /data /var/lib/limani
WORKDIR /app
USER 65532:65532
VOLUME /var/lib/limani
EXPOSE 5080
# Over TLS the name in the certificate is not 127.0.0.1, and liveness is no question of trust.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "-e", "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; const at = '127.0.0.1:' + process.env.LIMANI_LISTEN.split(':').at(-1) + '/livez'; const ask = (scheme) => fetch(scheme + '://' + at, { signal: AbortSignal.timeout(2000) }); ask('http').catch(() => ask('https')).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/src/main.ts"]
CMD ["registry"]
