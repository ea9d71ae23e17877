import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { referencesOf, takesVirtualHosts } from "../../../bench/fleet/references.js";
import { createEncoder } from "../../../src/envoy/resource/encoder.js";
import { TYPE_URL } from "../../../src/xds/resource.js";

const encoder = createEncoder(readFileSync("gen/envoy.binpb"));
const encode = (typeUrl: string, json: object): Buffer =>
  encoder.encode(typeUrl.slice("type.googleapis.com/".length), json).bytes;

const TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";
const ads = { ads: {}, resourceApiVersion: "V3" };
const secret = (name: string): object => ({ name, sdsConfig: ads });
const secrets = {
  tlsCertificateSdsSecretConfigs: [secret("default")],
  combinedValidationContext: {
    defaultValidationContext: {},
    validationContextSdsSecretConfig: secret("ROOTCA"),
  },
};
const socket = (context: string): object => ({
  name: "tls",
  typedConfig: { "@type": `${TLS}.${context}`, commonTlsContext: secrets },
});

describe("a cluster refers to", () => {
  const eds = (serviceName: string): object => ({ edsConfig: ads, serviceName });

  it("the endpoints that it names, or those of its own name", () => {
    const named = encode(TYPE_URL.cluster, { name: "a", type: "EDS", edsClusterConfig: eds("b") });
    const unnamed = encode(TYPE_URL.cluster, { name: "a", type: "EDS", edsClusterConfig: eds("") });
    const fixed = encode(TYPE_URL.cluster, { name: "a", type: "STATIC" });
    const endpoints = [named, unnamed, fixed].map((one) =>
      referencesOf(TYPE_URL.cluster, one).get(TYPE_URL.endpoint),
    );
    expect(endpoints).toEqual([["b"], ["a"], []]);
  });

  it("the secrets of its transport sockets, each once", () => {
    const upstream = socket("UpstreamTlsContext");
    const cluster = encode(TYPE_URL.cluster, {
      name: "a",
      transportSocket: upstream,
      transportSocketMatches: [{ name: "m", transportSocket: upstream }],
    });
    expect(referencesOf(TYPE_URL.cluster, cluster).get(TYPE_URL.secret)).toEqual([
      "default",
      "ROOTCA",
    ]);
  });
});

describe("a listener refers to", () => {
  const filters = [
    {
      name: "http",
      typedConfig: {
        "@type":
          "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        statPrefix: "http",
        rds: { configSource: ads, routeConfigName: "80" },
      },
    },
  ];
  const listener = encode(TYPE_URL.listener, {
    name: "l",
    filterChains: [{ filters, transportSocket: socket("DownstreamTlsContext") }],
    defaultFilterChain: {
      filters: [
        {
          name: "tcp",
          typedConfig: {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            statPrefix: "tcp",
            cluster: "c",
          },
        },
      ],
    },
  });

  it("the routes of its HTTP connection managers, and to its secrets", () => {
    const references = referencesOf(TYPE_URL.listener, listener);
    expect(references.get(TYPE_URL.route)).toEqual(["80"]);
    expect(references.get(TYPE_URL.secret)).toEqual(["default", "ROOTCA"]);
  });
});

describe("a route configuration", () => {
  it("says whether its virtual hosts are resources of their own", () => {
    const whole = encode(TYPE_URL.route, { name: "80" });
    const split = encode(TYPE_URL.route, { name: "80", vhds: { configSource: ads } });
    expect([whole, split].map(takesVirtualHosts)).toEqual([false, true]);
  });
});
