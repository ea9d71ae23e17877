import { describe } from "vitest";
import { tryRows } from "./findings-of.js";

describe("a WorkloadEntry", () => {
  tryRows("WorkloadEntry", [
    ["has an address", {}, ["spec.address"]],
    ["can have the address of a network's gateway", { network: "n" }, ["warning spec.address"]],
    ["can have an IP address", { address: "fe80::1" }, []],
    ["can have a name", { address: "vm.example.com" }, []],
    ["has no address with a port", { address: "vm.example.com:80" }, ["spec.address"]],
    ["can have a socket", { address: "unix:///run/a.sock" }, []],
    ["has no ports at a socket", { address: "unix:///a", ports: { http: 80 } }, ["spec.ports"]],
    ["has a socket that is a file", { address: "unix:///a/" }, ["spec.address"]],
    [
      "has ports with names and numbers that can be",
      { address: "10.0.0.1", ports: { a_b: 80, http: 70000 } },
      ["spec.ports.a_b", "spec.ports.http"],
    ],
  ]);
});

describe("a WorkloadGroup", () => {
  /** That nobody asks. */
  const UNASKED = "warning spec.probe";
  const group = (probe: object) => ({ template: {}, probe });
  tryRows("WorkloadGroup", [
    ["has a template, which can be empty", { template: {} }, []],
    ["has no addresses of its own", { template: { ports: { http: 0 } } }, []],
    [
      "has labels that can be",
      { template: {}, metadata: { labels: { a: "b c" } } },
      ["spec.metadata.labels.a"],
    ],
    ["asks something to find out who is ready", group({}), ["spec.probe", UNASKED]],
    [
      "asks in one way",
      group({ tcpSocket: { port: 80 }, exec: { command: ["a"] } }),
      ["spec.probe.exec", UNASKED],
    ],
    [
      "asks at a port in range",
      group({ httpGet: { port: 0 } }),
      ["spec.probe.httpGet.port", UNASKED],
    ],
    [
      "asks by HTTP or HTTPS, with headers that can be",
      group({
        httpGet: { port: 80, scheme: "http", httpHeaders: [{ name: "x_a" }, { name: "x.a" }] },
      }),
      ["spec.probe.httpGet.scheme", "spec.probe.httpGet.httpHeaders[1].name", UNASKED],
    ],
    ["asks by a command", group({ exec: { command: [] } }), ["spec.probe.exec.command", UNASKED]],
    ["can ask by gRPC", group({ grpc: {} }), [UNASKED]],
    [
      "waits no negative times",
      group({ grpc: {}, periodSeconds: -1 }),
      ["spec.probe.periodSeconds", UNASKED],
    ],
  ]);
});
