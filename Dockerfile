# docker build -t app-connect .
# docker run -p 6066:6066 -v app-connect:/data -v "$PWD/proxy-configs:/proxy-configs:ro" app-connect

FROM rust:1.90-slim-bookworm AS build
WORKDIR /build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY Cargo.toml Cargo.lock LICENSE ./
COPY src src
COPY crates crates
COPY tests tests
COPY benches benches
COPY docs docs
COPY schemas schemas
COPY fixtures fixtures
COPY proxy-configs proxy-configs
RUN cargo build --profile dist --locked --bin app-connect && mkdir /data

# glibc, certificate authorities and nothing else: no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/dist/app-connect /usr/local/bin/app-connect
# What the server keeps; its user owns it.
COPY --from=build --chown=65532:65532 /data /data
COPY proxy-configs /proxy-configs
USER 65532:65532
# PORT alone listens on all interfaces.
ENV PORT=6066 DATA_DIR=/data
VOLUME ["/data"]
EXPOSE 6066
ENTRYPOINT ["/usr/local/bin/app-connect"]
CMD ["serve", "--proxy-configs", "/proxy-configs", "--log-format", "json"]
