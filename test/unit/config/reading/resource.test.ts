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
