import { describe, expect, test } from "vitest";
import type { ServerTLSSettings } from "../../../src/config/kinds/networking/server-tls-settings.js";
import type { TLSConfig } from "../../../src/config/mesh-config/mesh-config-schema.js";
import {
  clientParameters,
  meshServerParameters,
  serverParameters,
} from "../../../src/envoy/tls/tls-parameters.js";

const MESH_VERSIONS = {
  tlsMinimumProtocolVersion: "TLSv1_2",
  tlsMaximumProtocolVersion: "TLSv1_3",
};
const ISTIO_CIPHERS = [
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-GCM-SHA256",
];

type MeshCase = readonly [string, TLSConfig | undefined, object];

describe("servers that take mutual TLS of the mesh", () => {
  test.each<MeshCase>([
    ["speak 1.2 at least without meshMTLS", undefined, {}],
    ["speak 1.2 at least with TLS_AUTO", { minProtocolVersion: "TLS_AUTO" }, {}],
    [
      "refuse older versions than its minimum",
      { minProtocolVersion: "TLSV1_3" },
      { tlsMinimumProtocolVersion: "TLSv1_3" },
    ],
    [
      "offer its cipher suites in their order, each once",
      { cipherSuites: ["AES256-SHA", "AES128-SHA", "AES256-SHA"] },
      { cipherSuites: ["AES256-SHA", "AES128-SHA"] },
    ],
    ["offer Istio's where it names none", { cipherSuites: [] }, {}],
    ["offer Istio's where Envoy has none of its own", { cipherSuites: ["RC4-SHA"] }, {}],
  ])("%s", (_what, meshMTLS, expected) => {
    const unsaid = { ...MESH_VERSIONS, cipherSuites: ISTIO_CIPHERS };
    expect(meshServerParameters(meshMTLS)).toEqual({ ...unsaid, ...expected });
  });
});

type ServerCase = readonly [string, ServerTLSSettings, TLSConfig | undefined, object];

const DEFAULTS: TLSConfig = {
  minProtocolVersion: "TLSV1_3",
  cipherSuites: ["AES256-SHA"],
  ecdhCurves: ["P-384", "P-257", "P-256", "P-384"],
};
const OF_DEFAULTS = {
  tlsMinimumProtocolVersion: "TLSv1_3",
  cipherSuites: ["AES256-SHA"],
  ecdhCurves: ["P-384", "P-256"],
};

describe("servers that take other TLS", () => {
  test.each<ServerCase>([
    ["leave all to Envoy where nobody says anything", {}, undefined, {}],
    ["do as tlsDefaults says", { mode: "SIMPLE" }, DEFAULTS, OF_DEFAULTS],
    [
      "take TLS_AUTO for nothing said",
      { minProtocolVersion: "TLS_AUTO", maxProtocolVersion: "TLS_AUTO", cipherSuites: [] },
      DEFAULTS,
      OF_DEFAULTS,
    ],
    [
      "keep their own minimum",
      { minProtocolVersion: "TLSV1_1" },
      DEFAULTS,
      { ...OF_DEFAULTS, tlsMinimumProtocolVersion: "TLSv1_1" },
    ],
    [
      "keep their own maximum",
      { maxProtocolVersion: "TLSV1_3" },
      DEFAULTS,
      { ...OF_DEFAULTS, tlsMaximumProtocolVersion: "TLSv1_3" },
    ],
    [
      "keep their own cipher suites, but for those that Envoy has not",
      { cipherSuites: ["AES128-SHA", "RC4-SHA", "-SHA"] },
      DEFAULTS,
      { ...OF_DEFAULTS, cipherSuites: ["AES128-SHA", "-SHA"] },
    ],
  ])("%s", (_what, tls, defaults, expected) => {
    expect(serverParameters(tls, defaults)).toEqual(expected);
  });
});

describe("clients of other TLS", () => {
  test("speak 1.2 and 1.3 whatever the minimum of tlsDefaults, which is for servers", () => {
    expect(clientParameters(undefined)).toEqual(MESH_VERSIONS);
    expect(clientParameters({ minProtocolVersion: "TLSV1_3" })).toEqual(MESH_VERSIONS);
  });

  test("offer the cipher suites and curves of tlsDefaults", () => {
    const { cipherSuites, ecdhCurves } = OF_DEFAULTS;
    expect(clientParameters(DEFAULTS)).toEqual({ ...MESH_VERSIONS, cipherSuites, ecdhCurves });
  });
});
