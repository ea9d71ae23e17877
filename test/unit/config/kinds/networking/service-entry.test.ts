import { describe, expect, it } from "vitest";
import { shortFindingsOf, tryRows } from "../findings-of.js";

const http = { number: 80, name: "http", protocol: "HTTP" };
const tcp = { number: 5432, name: "tcp", protocol: "TCP" };
const tls = { number: 443, name: "tls", protocol: "TLS" };
const entry = (rest: object) => ({ hosts: ["api.example.com"], ports: [http], ...rest });

describe("a ServiceEntry", () => {
  tryRows("ServiceEntry", [
    ["is for hosts", entry({ hosts: [] }), ["spec.hosts"]],
    ["is not for every host", entry({ hosts: ["*"] }), ["spec.hosts[0]"]],
    ["is for hosts that can be", entry({ hosts: ["a b"] }), ["spec.hosts[0]"]],
    ["can be for all hosts below a domain", entry({ hosts: ["*.example.com"] }), []],
    [
      "should not have a wildcard for a part of a label",
      entry({ hosts: ["*example.com"] }),
      ["warning spec.hosts[0]"],
    ],
    [
      "has addresses and ranges of them",
      entry({ addresses: ["10.0.0.1", "::/0", "10.0.0"] }),
      ["spec.addresses[2]"],
    ],
    [
      "has no ranges of addresses where names are looked up",
      entry({ addresses: ["10.0.0.0/8"], resolution: "DNS" }),
      ["spec.addresses[0]"],
    ],
    [
      "has ports of different names and numbers",
      entry({ ports: [http, { ...http }, { ...tcp, number: 0, targetPort: 65536 }] }),
      [
        "spec.ports[2].number",
        "spec.ports[2].targetPort",
        "spec.ports[1].name",
        "spec.ports[1].number",
        "warning spec.ports[2]",
      ],
    ],
    [
      "has a target port that is one",
      entry({ ports: [{ ...http, targetPort: 0 }] }),
      ["spec.ports[0].targetPort"],
    ],
    [
      "is for not too many hosts",
      entry({ hosts: Array.from({ length: 257 }, (_, index) => `h${index}.example.com`) }),
      ["spec.hosts"],
    ],
    [
      "has protocols of Istio's",
      entry({ ports: [{ ...http, protocol: "HTTP1" }] }),
      ["spec.ports[0].protocol"],
    ],
    [
      "can leave the protocol to be found out",
      entry({ addresses: ["10.0.0.1"], ports: [{ number: 80, name: "a" }] }),
      [],
    ],
    [
      "should have addresses for ports of TCP, and for those whose protocol is found out",
      entry({ ports: [http, tcp, { number: 90, name: "a" }, { ...tcp, number: 91, name: "b" }] }),
      ["warning spec.ports[1]", "warning spec.ports[2]", "warning spec.ports[3]"],
    ],
    ["is seen by some, by all or by nobody", entry({ exportTo: ["~"] }), []],
    ["is not seen by nobody and somebody", entry({ exportTo: ["~", "."] }), ["spec.exportTo[0]"]],
    [
      "selects workloads or lists endpoints",
      entry({ resolution: "STATIC", workloadSelector: { labels: { a: "b" } }, endpoints: [] }),
      ["spec.endpoints"],
    ],
  ]);
});

describe("the resolution of a ServiceEntry", () => {
  const at = (resolution: string, rest: object = {}) => entry({ resolution, ...rest });
  const endpoints = (...addresses: string[]) => ({
    endpoints: addresses.map((address) => ({ address })),
  });
  tryRows("ServiceEntry", [
    ["NONE has no endpoints", at("NONE", endpoints("10.0.0.1")), ["spec.endpoints"]],
    ["NONE has no list of endpoints either", at("NONE", endpoints()), ["spec.endpoints"]],
    [
      "NONE should select no workloads",
      at("NONE", { workloadSelector: { labels: { a: "b" } } }),
      ["warning spec.workloadSelector"],
    ],
    [
      "DNS selects workloads, those with names too",
      at("DNS", { workloadSelector: { labels: { a: "b" } } }),
      [],
    ],
    [
      "DYNAMIC_DNS should select no workloads",
      at("DYNAMIC_DNS", { hosts: ["*.a.b"], workloadSelector: { labels: { a: "b" } } }),
      ["warning spec.workloadSelector"],
    ],
    [
      "STATIC has endpoints by address",
      at("STATIC", endpoints("10.0.0.1", "a.b")),
      ["spec.endpoints[1].address"],
    ],
    [
      "STATIC can have a socket for a service of one port",
      at("STATIC", endpoints("unix:///a")),
      [],
    ],
    [
      "STATIC has no socket for a service of more ports",
      at("STATIC", { ...endpoints("unix:///a"), ports: [http, tcp] }),
      ["spec.endpoints"],
    ],
    [
      "STATIC takes a network in place of an address",
      at("STATIC", { endpoints: [{ network: "n" }] }),
      ["warning spec.endpoints[0].address"],
    ],
    [
      "DNS has endpoints by name or address",
      at("DNS", endpoints("10.0.0.1", "a.b", "*.b", "unix:///a")),
      ["spec.endpoints[2].address", "spec.endpoints[3].address"],
    ],
    [
      "DNS looks up the hosts where there are no endpoints",
      at("DNS", { hosts: ["*.a.b"] }),
      ["spec.hosts[0]"],
    ],
    [
      "DNS_ROUND_ROBIN has one endpoint",
      at("DNS_ROUND_ROBIN", endpoints("a.b", "c.d")),
      ["spec.endpoints[1]"],
    ],
    [
      "DYNAMIC_DNS is for all hosts below a domain",
      at("DYNAMIC_DNS", { hosts: ["*.a.b", "a.b", "*-x.b"] }),
      ["spec.hosts[1]"],
    ],
    [
      "DYNAMIC_DNS knows server names by whole labels",
      at("DYNAMIC_DNS", {
        hosts: ["*.a.b", "*-x.b"],
        ports: [http, { ...http, number: 443, name: "tls", protocol: "TLS" }],
      }),
      ["warning spec.hosts[1]"],
    ],
    [
      "DYNAMIC_DNS needs nothing else, and a protocol that names the host",
      at("DYNAMIC_DNS", { hosts: ["*.a.b"], addresses: ["10.0.0.1"], ports: [http, tcp] }),
      ["spec.addresses", "spec.ports[1].protocol"],
    ],
    [
      "DYNAMIC_DNS is not for HTTPS, of which Istio says TLS there",
      at("DYNAMIC_DNS", {
        hosts: ["*.a.b"],
        ports: [
          { ...http, protocol: "tls" },
          { number: 443, name: "https", protocol: "HTTPS" },
        ],
      }),
      ["spec.ports[1].protocol"],
    ],
    [
      "tells several hosts apart by their protocol",
      at("DNS", { hosts: ["a.b", "c.d"], ports: [http, tcp] }),
      ["spec.ports[1].protocol"],
    ],
    [
      "need not tell them apart where connections go where the client wants",
      at("NONE", { hosts: ["a.b", "c.d"], ports: [tcp], addresses: ["10.0.0.1"] }),
      [],
    ],
    [
      "should not have TLS of several hosts at one address where they are looked up",
      at("DNS", { hosts: ["a.b", "c.d"], ports: [tls], addresses: ["10.0.0.1"] }),
      ["warning spec.ports[0].protocol"],
    ],
    [
      "can have TLS of several hosts at one address where their endpoints are known",
      at("STATIC", { hosts: ["a.b", "c.d"], ports: [tls], addresses: ["10.0.0.1"] }),
      [],
    ],
  ]);
});

describe("a ServiceEntry without addresses", () => {
  const found = (spec: object, label: string) =>
    shortFindingsOf("ServiceEntry", entry({ ports: [tcp], ...spec }), {
      labels: { "networking.istio.io/enable-autoallocate-ip": label },
    });

  it("is given some unless it says otherwise, and connections go to what has them", () => {
    expect(found({ resolution: "DNS" }, "true")).toEqual([]);
    expect(found({ resolution: "DNS" }, "False")).toEqual(["warning spec.ports[0]"]);
    expect(found({}, "true")).toEqual(["warning spec.ports[0]"]);
  });
});

describe("a ServiceEntry of hosts of the mesh that are looked up", () => {
  const found = (labels: Record<string, string>) =>
    shortFindingsOf(
      "ServiceEntry",
      entry({ hosts: ["*.a.b"], resolution: "DYNAMIC_DNS", location: "MESH_INTERNAL" }),
      { labels },
    );

  it("has no waypoint", () => {
    expect(found({})).toEqual([]);
    expect(found({ "istio.io/use-waypoint": "None" })).toEqual([]);
    expect(found({ "istio.io/use-waypoint": "egress" })).toEqual(["spec.location"]);
  });
});

describe("the endpoints of a ServiceEntry", () => {
  const endpoint = (one: object) =>
    entry({ resolution: "STATIC", endpoints: [{ address: "10.0.0.1", ...one }] });
  const ENDPOINT = "spec.endpoints[0]";
  tryRows("ServiceEntry", [
    ["have ports of the service", endpoint({ ports: { http: 8080 } }), []],
    ["have no other ports", endpoint({ ports: { grpc: 8080 } }), [`${ENDPOINT}.ports.grpc`]],
    ["have ports in range", endpoint({ ports: { http: 0 } }), [`${ENDPOINT}.ports.http`]],
    [
      "have labels that can be",
      endpoint({ labels: { "a/b/c": "d" } }),
      [`${ENDPOINT}.labels["a/b/c"]`],
    ],
    ["have an address", endpoint({ address: "" }), [`${ENDPOINT}.address`]],
  ]);
});
