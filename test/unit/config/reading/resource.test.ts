import { describe, expect, it } from "vitest";
import { readResource } from "../../../../src/config/reading/resource.js";

const messagesOf = (fields: object): readonly string[] =>
  readResource({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    ...fields,
  }).findings.map(({ message }) => message);

describe("a resource that is indented wrongly", () => {
  it("has fields of its metadata and its spec beside them", () => {
    expect(messagesOf({ metadata: null, name: "a", spec: null, hosts: ["a"] })).toEqual([
      "metadata has no name, which is required",
      'unknown field "name" beside spec (it belongs in metadata)',
      'unknown field "hosts" beside spec (it belongs in spec)',
    ]);
  });

  it("has a field with nothing in it, and what belongs into that beside it", () => {
    const route = [{ destination: null, host: "a" }];
    expect(
      messagesOf({ metadata: { name: "a" }, spec: { hosts: ["a"], http: [{ route }] } }),
    ).toEqual([
      "spec.http[0].route[0].destination is empty: what belongs to it is indented farther than it",
      'unknown field "host" in spec.http[0].route[0] (it belongs in spec.http[0].route[0].destination)',
    ]);
  });
});

it("a switch among the labels that has no quotes is an error, and the rest of the resource is checked", () => {
  const { findings } = readResource({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "a", labels: { "networking.istio.io/enable-autoallocate-ip": false } },
    spec: {
      hosts: ["a.example.com"],
      resolution: "DNS",
      ports: [{ number: 0, name: "tcp", protocol: "TCP" }],
    },
  });
  expect(findings.map(({ path }) => path.slice(0, 3))).toEqual([
    ["metadata", "labels", "networking.istio.io/enable-autoallocate-ip"],
    ["spec", "ports", 0],
  ]);
});

describe("a resource without a spec", () => {
  const POLICIES: readonly (readonly [group: string, kind: string])[] = [
    ["security.istio.io/v1", "AuthorizationPolicy"],
    ["security.istio.io/v1", "PeerAuthentication"],
    ["security.istio.io/v1", "RequestAuthentication"],
    ["telemetry.istio.io/v1", "Telemetry"],
  ];
  it.each(POLICIES)("says what an empty one says: %s %s", (apiVersion, kind) => {
    const metadata = { name: "a" };
    expect(readResource({ apiVersion, kind, metadata })).toEqual(
      readResource({ apiVersion, kind, metadata, spec: {} }),
    );
    expect(readResource({ apiVersion, kind, metadata }).findings).toEqual([]);
  });

  it("lacks what its kind needs", () => {
    expect(messagesOf({ metadata: { name: "a" } })).toEqual([
      "the VirtualService has no routes: give http, tls or tcp",
    ]);
  });

  it("is none of a kind that is not Istio's", () => {
    const { findings } = readResource({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "a" },
    });
    expect(findings.map(({ path, code }) => [path, code])).toEqual([[["spec"], "wrong-type"]]);
  });
});

describe("a field that a resource lacks", () => {
  const codesOf = (resource: object): readonly string[] =>
    readResource({ metadata: { name: "a" }, ...resource }).findings.map(({ code }) => code);

  it("is what Istio's validation finds, in resources of Istio", () => {
    const spec = { subsets: [] };
    expect(
      codesOf({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule", spec }),
    ).toEqual(["IST0106"]);
  });

  it("has Istio's code too where it is there and empty", () => {
    const spec = { host: "" };
    expect(
      codesOf({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule", spec }),
    ).toEqual(["IST0106"]);
  });

  it("has a code of its own in others", () => {
    const spec = { ports: [{ name: "http" }] };
    expect(codesOf({ apiVersion: "v1", kind: "Service", spec })).toEqual(["missing-field"]);
  });
});
