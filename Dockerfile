# One image for Lambda, AgentCore Runtime and a plain server, for arm64 and x86-64. Each platform is built on its own kind of
# machine; there is no cross toolchain.
#
#   docker buildx build --platform linux/arm64 --tag eco-coder .
#   docker buildx build --platform linux/arm64 --target bootstrap --output target/lambda/eco-coder .   the zip's only file
#
# Both images are pinned by the digest of their multi-platform index. Dependabot raises them.
FROM rust:1.95.0-bookworm@sha256:6258907abe69656e41cd992e0b705cdcfabcbbe3db374f92ed2d47121282d4a1 AS build
WORKDIR /build
# rust-toolchain.toml stays outside: it would fetch clippy and rustfmt, which a build has no use for.
COPY . .
# The caches are kept between builds, so the binary is copied out of the folder that goes with them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --locked --profile dist --package eco-coder \
    && install -D target/dist/eco-coder /out/bootstrap

# Debian 12 leaves the binary in need of glibc 2.34 at most, which is what Amazon Linux 2023 has. The release checks it.
FROM scratch AS bootstrap
COPY --from=build /out/bootstrap /bootstrap

FROM gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f
COPY --from=build /out/bootstrap /eco-coder
# All interfaces of the container, which AgentCore asks for. On Lambda nothing listens.
ENV ECO_CODER_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 65532:65532
WORKDIR /home/nonroot
# Without arguments: `lambda` on Lambda, `serve` on AgentCore (ECO_CODER_AGENTCORE=1). A plain server says `serve`.
ENTRYPOINT ["/eco-coder"]
