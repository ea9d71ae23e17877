import { describe } from "vitest";
import { tryRows } from "../findings-of.js";

/** As many labels as are asked for. */
function many(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, "v"]));
}

describe("a WorkloadEntry", () => {
  tryRows("WorkloadEntry", [
    ["has an address", {}, ["spec.address"]],
    ["can have the address of a network's gateway", { network: "n" }, ["warning spec.address"]],
    ["can have an IP address", { address: "fe80::1" }, []],
    ["can have a name", { address: "vm.example.com" }, []],
    ["has no address with a port", { address: "vm.example.com:80" }, ["spec.address"]],
    ["can have a socket", { address: "unix:///run/a.sock" }, []],
    ["has no ports at a socket", { address: "unix:///a", ports: { http: 80 } }, ["spec.ports"]],
    ["has no map of ports at a socket", { address: "unix:///a", ports: {} }, ["spec.ports"]],
    ["has a socket whose path has 107 bytes", { address: `unix:///${"ä".repeat(53)}` }, []],
    ["has no longer one", { address: `unix:///${"ä".repeat(53)}x` }, ["spec.address"]],
    ["has a socket that is a file", { address: "unix:///a/" }, ["spec.address"]],
    [
      "has ports with names and numbers that can be",
      { address: "10.0.0.1", ports: { a_b: 80, http: 70000 } },
      ["spec.ports.a_b", "spec.ports.http"],
    ],
    [
      "has names of ports that are not too long",
      { address: "10.0.0.1", ports: { ["p".repeat(62)]: 80, ["q".repeat(63)]: 81 } },
      [`spec.ports.${"q".repeat(63)}`],
    ],
    [
      "has texts that are not too long",
      {
        address: "a".repeat(257),
        network: "n".repeat(2049),
        locality: "l".repeat(2049),
        serviceAccount: "s".repeat(254),
      },
      ["spec.address", "spec.network", "spec.locality", "spec.serviceAccount"],
    ],
    [
      "can have labels with values that are longer than those of Kubernetes",
      { address: "10.0.0.1", labels: { release: "r".repeat(64) } },
      ["warning spec.labels.release"],
    ],
    ["has not too many labels", { address: "10.0.0.1", labels: many(257) }, ["spec.labels"]],
  ]);
});

describe("a WorkloadGroup", () => {
  const group = (probe: object) => ({ template: {}, probe });
  const http = { port: 80, path: "/ready" };
  tryRows("WorkloadGroup", [
    ["has a template, which can be empty", { template: {} }, []],
    ["has no addresses of its own", { template: { ports: { http: 80 } } }, []],
    [
      "has ports in its template that can be",
      { template: { ports: { http: 0 } } },
      ["spec.template.ports.http"],
    ],
    [
      "has no ports at a socket of its template",
      { template: { address: "unix:///a", ports: { http: 80 } } },
      ["spec.template.ports"],
    ],
    [
      "should have labels in its template that can be",
      { template: { labels: { a: "b c" } } },
      ["warning spec.template.labels.a"],
    ],
    [
      "has labels that can be",
      { template: {}, metadata: { labels: { a: "b c" } } },
      ["spec.metadata.labels.a"],
    ],
    ["asks something to find out who is ready", group({}), ["spec.probe"]],
    ["asks an address of the workload", group({ httpGet: http, periodSeconds: 5 }), []],
    ["can ask the machine itself", group({ httpGet: { ...http, host: "localhost" } }), []],
    [
      "should ask by HTTP at no name that has to be looked up",
      group({ httpGet: { ...http, host: "vm.example" } }),
      ["warning spec.probe.httpGet.host"],
    ],
    [
      "should connect to no name that has to be looked up",
      group({ tcpSocket: { port: 80, host: "vm.example" } }),
      ["warning spec.probe.tcpSocket.host"],
    ],
    [
      "asks in one way",
      group({ tcpSocket: { port: 80 }, exec: { command: ["a"] } }),
      ["spec.probe.exec", "warning spec.probe.exec"],
    ],
    ["asks at a port in range", group({ httpGet: { port: 0 } }), ["spec.probe.httpGet.port"]],
    [
      "asks by HTTP or HTTPS, with headers that can be",
      group({
        httpGet: { port: 80, scheme: "http", httpHeaders: [{ name: "x-a" }, { name: "x_a" }] },
      }),
      ["spec.probe.httpGet.scheme", "spec.probe.httpGet.httpHeaders[1].name"],
    ],
    [
      "asks for what can be in a request",
      group({ httpGet: { port: 80, path: "/a\n", httpHeaders: [{ name: "a", value: "b\r" }] } }),
      ["spec.probe.httpGet.path", "spec.probe.httpGet.httpHeaders[0].value"],
    ],
    [
      "should ask by no command, which no Envoy runs",
      group({ exec: { command: [] } }),
      ["spec.probe.exec.command", "warning spec.probe.exec"],
    ],
    ["asks by words", group({ exec: { command: [""] } }), ["spec.probe.exec.command[0]"]],
    ["should ask by gRPC at a port", group({ grpc: {} }), ["warning spec.probe.grpc"]],
    ["can ask by gRPC", group({ grpc: { port: 80, service: "a" } }), []],
    ["asks gRPC at a port in range", group({ grpc: { port: 0 } }), ["spec.probe.grpc.port"]],
    [
      "waits no negative times",
      group({ httpGet: http, periodSeconds: -1 }),
      ["spec.probe.periodSeconds"],
    ],
  ]);
});
