FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
# Root certificates, for fetching titles over TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/target/release/stoa /usr/local/bin/stoa
RUN useradd --system --uid 10001 --home-dir /data stoa && install -d -o stoa -g stoa -m 0700 /data
USER stoa
WORKDIR /data
VOLUME /data
ENV STOA_LISTEN=0.0.0.0:8000 STOA_DATABASE=/data/stoa.db
EXPOSE 8000
ENTRYPOINT ["/usr/local/bin/stoa"]
CMD ["serve"]
