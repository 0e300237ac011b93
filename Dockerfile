# Postern as a container. `docker/image/build.sh` builds it with its labels and so that the same commit gives the same
# files; `docker build -t postern .` does as well. Mount a configuration at /etc/postern/postern.yaml.
#
# The last stage starts from nothing and gets one layer: Node with the libraries that it is linked to, Postern, and its
# production packages. No shell, no package manager, nobody but user 1000 (docs/decisions/0015).
#
# Behind a registry of your own, both secrets may be given; they are mounted for `npm ci` alone and never stay:
# `--secret id=npmrc,src=$HOME/.npmrc --secret id=ca,src=ca.pem`.

FROM docker.io/library/node:26-slim AS node
WORKDIR /build

FROM node AS build
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=tmpfs,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    npm ci --cafile=/run/secrets/ca
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node AS packages
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=tmpfs,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    npm ci --cafile=/run/secrets/ca --omit=dev --omit=optional

FROM node AS assemble
COPY docker/image/assemble.sh ./
COPY package.json app/
COPY config/postern.example.yaml app/config/
COPY docs/clients app/docs/clients
COPY --from=packages /build/node_modules app/node_modules
COPY --from=build /build/dist app/dist
# Of the commit, so that a file's date says nothing about when the image was built.
ARG SOURCE_DATE_EPOCH=0
RUN sh assemble.sh app /image "$SOURCE_DATE_EPOCH"

FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="postern" \
      org.opencontainers.image.description="A guarded side gate for PostgreSQL" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=assemble /image /
ENV PATH=/usr/local/bin NODE_ENV=production POSTERN_CONFIG=/etc/postern/postern.yaml
WORKDIR /app
USER 1000:1000
EXPOSE 6432 8080 9464
STOPSIGNAL SIGTERM
# Exec form throughout: signals arrive, and there is no shell. It asks where telemetry.listen says.
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s CMD ["/usr/local/bin/postern", "health"]
ENTRYPOINT ["/usr/local/bin/postern"]
CMD ["serve"]
