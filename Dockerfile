# Two stages: the first builds, the second holds the one binary and nothing else that is ours.
#
# The server listens on all addresses of the container, which it does only once there is a key:
#
#   docker build --tag headwater .
#   docker run --rm --volume headwater:/data headwater key create --name root --role admin
#   docker run --detach --publish 4280-4282:4280-4282 --volume headwater:/data headwater
#
# compose.yaml does the same with TLS.

FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --locked --profile dist --package headwater

FROM debian:bookworm-slim
RUN useradd --system --uid 4280 --no-create-home headwater \
    && install --directory --owner headwater --mode 0700 /data
COPY --from=build /source/target/dist/headwater /usr/local/bin/headwater
USER headwater
ENV HEADWATER_DATA=/data
VOLUME /data
EXPOSE 4280 4281 4282
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["headwater", "health"]
ENTRYPOINT ["headwater"]
CMD ["serve", "--listen", "0.0.0.0:4280", "--postgres", "0.0.0.0:4281", "--kafka", "0.0.0.0:4282"]
