import { describe } from "vitest";
import { unreachableMatchAnalyzer } from "../../../src/analysis/analyzers/unreachable-matches.js";
import { tryRows } from "./messages-of.js";

const GATEWAY = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: istio
  listeners: [{ name: http, port: 80, protocol: HTTP }, { name: tcp, port: 81, protocol: TCP }]`;

const EDGE = "parentRefs: [{ name: edge }], hostnames: [a.example]";

const route = (name: string, spec: string, year = 2020, kind = "HTTPRoute"): string =>
  `apiVersion: gateway.networking.k8s.io/${kind === "TCPRoute" ? "v1alpha2" : "v1"}
kind: ${kind}
metadata: { name: ${name}, creationTimestamp: "${year}-01-01T00:00:00Z" }
spec: { ${spec} }`;

const rule = (path: string): string =>
  `{ matches: [{ path: { value: ${path} } }], backendRefs: [{ name: a, port: 80 }] }`;

/** Two rules for the same requests, of which each begins with another word. */
const TWICE = `
    - backendRefs: [{ name: a, port: 80 }]
      matches:
        - path: { value: /a }
          method: GET
    - backendRefs: [{ name: a, port: 80 }]
      matches:
        - method: GET
          path: { value: /a/ }`;

const documents = (...texts: readonly string[]): string => texts.join("\n---\n");

describe("rules of routes of the Gateway API", () => {
  tryRows(unreachableMatchAnalyzer, [
    [
      "are not told of when they are for other requests",
      documents(GATEWAY, route("one", `${EDGE}, rules: [${rule("/a")}, ${rule("/b")}]`)),
      [],
    ],
    [
      "are told of when another one of the same route takes all of theirs",
      documents(
        GATEWAY,
        `${route("one", "").replace("spec: {  }", "spec:")}
  parentRefs: [{ name: edge }]
  rules:${TWICE}`,
      ),
      ["unreachable-match HTTPRoute one.default: method"],
    ],
    [
      "are told of when an older route for the same host does",
      documents(
        GATEWAY,
        route("younger", `${EDGE}, rules: [${rule("/a")}]`, 2021),
        route("older", `${EDGE}, rules: [${rule("/a")}]`, 2020),
      ),
      ["unreachable-match HTTPRoute younger.default: {"],
    ],
    [
      "are told of when an older route has all connections",
      documents(
        GATEWAY,
        route(
          "older",
          "parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: a, port: 80 }] }]",
          2020,
          "TCPRoute",
        ),
        route(
          "younger",
          "parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: a, port: 80 }] }]",
          2021,
          "TCPRoute",
        ),
      ),
      ["unreachable-match TCPRoute younger.default: {"],
    ],
  ]);
});
