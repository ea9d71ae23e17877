import { describe } from "vitest";
import { tryRows } from "./findings-of.js";

const http = { name: "http", port: 80, protocol: "HTTP" };
const https = { name: "https", port: 443, protocol: "HTTPS" };
const certificate = { certificateRefs: [{ name: "a" }] };
const gateway = (...listeners: object[]) => ({ gatewayClassName: "istio", listeners });
const AT = "spec.listeners[0]";
const a = { name: "a", port: 80 };
const roots = [{ group: "", kind: "ConfigMap", name: "roots" }];

describe("a Gateway of the Gateway API", () => {
  tryRows("KubernetesGateway", [
    ["has a class", { listeners: [http] }, ["spec.gatewayClassName"]],
    ["has listeners", gateway(), ["spec.listeners"]],
    [
      "has listeners of different names, at different places",
      gateway(http, http),
      ["spec.listeners[1].name", "spec.listeners[1]"],
    ],
    [
      "has listeners of one port for different hosts",
      gateway(http, { ...http, name: "b", hostname: "b.example" }),
      [],
    ],
    ["has no fields of Istio's", { ...gateway(http), selector: {} }, ["spec.selector"]],
    [
      "has addresses that are some",
      { ...gateway(http), addresses: [{ value: "a" }, { type: "Hostname", value: "a" }] },
      ["spec.addresses[0].value"],
    ],
    [
      "is given no address, and is told so",
      {
        ...gateway(http),
        addresses: [{ value: "10.0.0.1" }, { type: "IPAddress" }, { type: "a.b/c", value: "d" }],
      },
      [0, 2].map((i) => `warning spec.addresses[${i}].value`),
    ],
    [
      "has no parameters",
      { ...gateway(http), infrastructure: { parametersRef: { name: "a" } } },
      ["warning spec.infrastructure.parametersRef"],
    ],
    [
      "refuses certificates of clients that are not verified, in every mode",
      {
        ...gateway(http),
        tls: {
          frontend: {
            default: { validation: { caCertificateRefs: roots, mode: "AllowInsecureFallback" } },
            perPort: [{ port: 80, tls: { validation: { caCertificateRefs: roots } } }],
          },
        },
      },
      ["warning spec.tls.frontend.default.validation.mode"],
    ],
    [
      "takes listeners of namespaces by a selector that there is",
      { ...gateway(http), allowedListeners: { namespaces: { from: "Selector" } } },
      ["spec.allowedListeners.namespaces.selector"],
    ],
    [
      "may leave listeners to others",
      { ...gateway(), allowedListeners: { namespaces: { from: "All" } } },
      [],
    ],
  ]);
});

describe("a listener", () => {
  tryRows("KubernetesGateway", [
    ["has no TLS in plaintext", gateway({ ...http, tls: certificate }), [`${AT}.tls`]],
    ["ends HTTPS", gateway({ ...https, tls: { mode: "Passthrough" } }), [`${AT}.tls.mode`]],
    ["needs a certificate for that", gateway({ ...https, tls: {} }), [`${AT}.tls.certificateRefs`]],
    [
      "can have one by an option",
      gateway({
        ...https,
        tls: { options: { "gateway.istio.io/tls-terminate-mode": "ISTIO_MUTUAL" } },
      }),
      [],
    ],
    [
      "knows no hosts of TCP",
      gateway({ name: "tcp", port: 1, protocol: "TCP", hostname: "a.example" }),
      [`${AT}.hostname`],
    ],
    [
      "selects by a selector",
      gateway({ ...http, allowedRoutes: { namespaces: { from: "Selector" } } }),
      [`${AT}.allowedRoutes.namespaces.selector`],
    ],
    [
      "selects by values where these are asked for",
      gateway({
        ...http,
        allowedRoutes: {
          namespaces: {
            from: "Selector",
            selector: {
              matchExpressions: [
                { key: "a", operator: "In" },
                { key: "a", operator: "Exists", values: ["b"] },
              ],
            },
          },
        },
      }),
      [0, 1].map((i) => `${AT}.allowedRoutes.namespaces.selector.matchExpressions[${i}].values`),
    ],
  ]);
});

const listenerSet = (...listeners: object[]) => ({ parentRef: { name: "edge" }, listeners });
const OTHER_PORT = [
  "has listeners with ports that there are",
  listenerSet({ ...http, port: 65536 }),
  [`${AT}.port`],
] as const;

describe("a ListenerSet", () => {
  tryRows("ListenerSet", [
    ["has a parent", { listeners: [http] }, ["spec.parentRef"]],
    ["has listeners", listenerSet(), ["spec.listeners"]],
    ["has listeners with ports", listenerSet({ name: "http", protocol: "HTTP" }), [`${AT}.port`]],
    OTHER_PORT,
    [
      "has listeners of different names, at different places",
      listenerSet(http, http),
      ["spec.listeners[1].name", "spec.listeners[1]"],
    ],
    [
      "has listeners as a Gateway has them",
      listenerSet({ ...http, tls: certificate }),
      [`${AT}.tls`],
    ],
    [
      "names its parent by names that can be",
      { parentRef: { name: "edge", namespace: "A b" }, listeners: [http] },
      ["spec.parentRef.namespace"],
    ],
  ]);
  tryRows("XListenerSet", [
    OTHER_PORT,
    [
      "leaves ports to protocols that have one",
      listenerSet(
        { name: "http", protocol: "HTTP" },
        { name: "https", port: 0, protocol: "HTTPS", tls: certificate },
        { name: "tcp", protocol: "TCP" },
      ),
      ["spec.listeners[2].port"],
    ],
  ]);
});

describe("a GatewayClass", () => {
  tryRows("GatewayClass", [
    ["has a controller", {}, ["spec.controllerName"]],
    ["can say more", { controllerName: "a.b/c", description: "d" }, []],
  ]);
});

describe("a GRPCRoute", () => {
  const matches = (...all: object[]) => ({ rules: [{ matches: all, backendRefs: [a] }] });
  const MATCH = "spec.rules[0].matches[0]";
  tryRows("GRPCRoute", [
    ["matches services and methods", matches({ method: { service: "a.B", method: "C" } }), []],
    ["matches something of a call", matches({ method: {} }), [`${MATCH}.method`]],
    [
      "matches names of gRPC",
      matches({ method: { service: "a/b", method: "c d" } }),
      [`${MATCH}.method.service`, `${MATCH}.method.method`],
    ],
    [
      "matches by expressions that there are",
      matches({ method: { type: "RegularExpression", service: "(" } }),
      [`${MATCH}.method.service`],
    ],
    [
      "has filters with the field of their type, each once",
      {
        rules: [
          { filters: [{ type: "RequestHeaderModifier" }, { type: "RequestHeaderModifier" }] },
        ],
      },
      [0, 1].map((i) => `spec.rules[0].filters[${i}]`).concat("spec.rules[0].filters[1].type"),
    ],
    ["has no paths", matches({ path: { value: "/a" } }), [`${MATCH}.path`]],
  ]);
});

describe("routes of connections", () => {
  tryRows("TCPRoute", [
    ["have rules", { rules: [] }, ["spec.rules"]],
    ["know no hosts of TCP", { hostnames: ["a.example"], rules: [{}] }, ["spec.hostnames"]],
    [
      "have ports of Services",
      { rules: [{ backendRefs: [{ name: "a" }] }] },
      ["spec.rules[0].backendRefs[0].port"],
    ],
  ]);
  tryRows("TLSRoute", [
    ["can have hosts", { hostnames: ["*.example"], rules: [{ backendRefs: [a] }] }, []],
    [
      "have hosts that can be",
      { hostnames: ["10.0.0.1"], rules: [{ backendRefs: [a] }] },
      ["spec.hostnames[0]"],
    ],
  ]);
});

const target = { group: "", kind: "Service", name: "a" };
const tlsPolicy = (validation: object, ...targets: object[]) => ({
  targetRefs: targets.length === 0 ? [target] : targets,
  validation: { hostname: "a.example", wellKnownCACertificates: "System", ...validation },
});
const VALIDATION = "spec.validation";
describe("a BackendTLSPolicy", () => {
  tryRows("BackendTLSPolicy", [
    ["may say no more than that and for whom", tlsPolicy({}), []],
    ["has a target", { ...tlsPolicy({}), targetRefs: [] }, ["spec.targetRefs"]],
    [
      "names the ports of a target that it names again, each once",
      tlsPolicy({}, target, { ...target, sectionName: "b" }, { ...target, sectionName: "b" }),
      ["spec.targetRefs[0]", "spec.targetRefs[2]"],
    ],
    [
      "has targets that can be",
      tlsPolicy({}, { ...target, kind: "-", sectionName: "B" }),
      ["spec.targetRefs[0].kind", "spec.targetRefs[0].sectionName"],
    ],
    [
      "verifies by roots of one kind",
      tlsPolicy({ caCertificateRefs: roots }),
      [`${VALIDATION}.wellKnownCACertificates`],
    ],
    [
      "verifies by any roots",
      { targetRefs: [target], validation: { hostname: "a.example" } },
      [VALIDATION],
    ],
    [
      "asks for the name of one host",
      tlsPolicy({ hostname: "*.example" }),
      [`${VALIDATION}.hostname`],
    ],
    [
      "asks for names of the types that they have",
      tlsPolicy({
        subjectAltNames: [
          { type: "Hostname", uri: "spiffe://a" },
          { type: "URI", uri: "spiffe://a/b" },
          { type: "Hostname", hostname: "1.2.3.4" },
        ],
      }),
      [
        `${VALIDATION}.subjectAltNames[0]`,
        `${VALIDATION}.subjectAltNames[0].uri`,
        `${VALIDATION}.subjectAltNames[2].hostname`,
      ],
    ],
    [
      "has no options that count here",
      { ...tlsPolicy({}), options: { "example.com/a": "b" } },
      ["warning spec.options"],
    ],
  ]);
});
