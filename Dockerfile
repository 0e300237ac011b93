# Postern as a container: `docker build -t postern .`, then mount a configuration at /etc/postern/postern.yaml.
# Three stages, so that compilers, development packages and the demo's PostgreSQL stay out of the image.

FROM docker.io/library/node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM docker.io/library/node:26-slim AS packages
WORKDIR /packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional

FROM docker.io/library/node:26-slim
LABEL org.opencontainers.image.title="postern" \
      org.opencontainers.image.description="A guarded side gate for PostgreSQL" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production POSTERN_CONFIG=/etc/postern/postern.yaml
WORKDIR /app
COPY --from=packages /packages/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json ./
COPY config/postern.example.yaml config/
COPY docs/clients docs/clients
USER 1000:1000
EXPOSE 6432 8080
STOPSIGNAL SIGTERM
# Exec form throughout: signals arrive, and no shell is needed. The endpoint is telemetry.listen's default.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "--eval", "fetch('http://127.0.0.1:9464/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]
