import { describe, expect, it } from "vitest";
import { findingsOf } from "../kinds/findings-of.js";

const route = (rest: object) => ({
  hosts: ["a"],
  http: [{ route: [{ destination: { host: "a" }, ...rest }] }],
});
const DESTINATION = ["spec", "http", 0, "route", 0];

describe("what is wrong with the fields of a resource", () => {
  it("is a field that there is not, with the one that was probably meant", () => {
    expect(findingsOf("VirtualService", route({ weigth: 1 }))).toEqual([
      {
        path: [...DESTINATION, "weigth"],
        code: "unknown-field",
        message: 'unknown field "weigth" in spec.http[0].route[0] (did you mean "weight"?)',
      },
    ]);
  });

  it("is a field in the words of protobuf, with the one of JSON", () => {
    const [finding] = findingsOf("DestinationRule", { host: "a", traffic_policy: {} });
    expect(finding?.message).toContain('(did you mean "trafficPolicy"?)');
  });

  it("does not propose a field that is there already", () => {
    const [finding] = findingsOf("VirtualService", route({ weight: 1, weigth: 1 }));
    expect(finding?.message).toBe('unknown field "weigth" in spec.http[0].route[0]');
  });

  it.each([
    ["VirtualService", route({ timeout: "1s" }), "spec.http[0]"],
    ["VirtualService", route({ host: "a" }), "spec.http[0].route[0].destination"],
    ["VirtualService", { hosts: ["a"], http: [{ uri: {} }] }, "an item of spec.http[0].match"],
    [
      "DestinationRule",
      { host: "a", trafficPolicy: { maxConnections: 1 } },
      "spec.trafficPolicy.connectionPool.tcp",
    ],
    ["PeerAuthentication", { selector: { app: "a" } }, "spec.selector.matchLabels"],
  ] as const)("is a field in a wrong place, with the right one: %s %j", (kind, spec, home) => {
    const [finding] = findingsOf(kind, spec);
    expect(finding?.message).toMatch(/^unknown field ".*" in /);
    expect(finding?.message).toContain(` (it belongs in ${home}`);
  });

  it("is a field that is missing", () => {
    expect(findingsOf("DestinationRule", {})).toEqual([
      {
        path: ["spec", "host"],
        code: "missing-field",
        message: 'spec has no field "host", which is required',
      },
    ]);
  });

  it.each([
    ["a", "spec has to be a map of names to values, found text"],
    [undefined, "spec has to be a map of names to values, found nothing"],
    [[], "spec has to be a map of names to values, found a list"],
  ])("is a body that is none: %j", (spec, message) => {
    expect(findingsOf("Gateway", spec)).toEqual([{ path: ["spec"], code: "wrong-type", message }]);
  });

  it.each([
    ["weight", "5", "a whole number, found text: leave out the quotes"],
    ["weight", "5%", "a whole number, found text"],
    ["weight", 1.5, "a whole number, found a number"],
    ["headers", [], "a map of names to values, found a list"],
    ["headers", "request", "a map of names to values, found text"],
    ["headers", "a:b", "a map of names to values, found text: a colon needs a space behind it"],
  ])("is a value of another type: %s %j", (field, value, message) => {
    const path = [...DESTINATION, field];
    expect(findingsOf("VirtualService", route({ [field]: value }))).toEqual([
      { path, code: "wrong-type", message: `spec.http[0].route[0].${field} has to be ${message}` },
    ]);
  });

  it("is a value that is neither of two types, said once", () => {
    const findings = findingsOf("Service", { ports: [{ port: 80, targetPort: [] }] });
    expect(findings).toEqual([
      {
        path: ["spec", "ports", 0, "targetPort"],
        code: "wrong-type",
        message: "spec.ports[0].targetPort has to be a whole number or text, found a list",
      },
    ]);
  });

  it("is a word that is none of those that can be, with the one that was probably meant", () => {
    const [finding] = findingsOf("PeerAuthentication", { mtls: { mode: "strict" } });
    expect(finding).toEqual({
      path: ["spec", "mtls", "mode"],
      code: "unknown-value",
      message:
        'spec.mtls.mode has to be one of UNSET, DISABLE, PERMISSIVE, STRICT, found "strict" (did you mean "STRICT"?)',
    });
  });

  it("is a word that is none, without those that stand for nothing", () => {
    const patch = { operation: "MERGES", value: {} };
    const [finding] = findingsOf("EnvoyFilter", { configPatches: [{ applyTo: "CLUSTER", patch }] });
    expect(finding?.message).toMatch(/ has to be one of MERGE, .*\(did you mean "MERGE"\?\)$/);
  });

  it("is a number out of range", () => {
    const [finding] = findingsOf("Service", { ports: [{ port: 70000 }] });
    expect(finding).toMatchObject({
      code: "out-of-range",
      message: "spec.ports[0].port has to be at most 65535, found 70000",
    });
  });

  it.each([
    ["5", "invalid-duration"],
    ["5 s", "invalid-duration"],
    [5, "wrong-type"],
  ])("is a time without a unit: %j", (timeout, code) => {
    const spec = { hosts: ["a"], http: [{ directResponse: { status: 200 }, timeout }] };
    expect(findingsOf("VirtualService", spec)).toMatchObject([
      { path: ["spec", "http", 0, "timeout"], code },
    ]);
  });

  it("is all of it at once", () => {
    const spec = { hosts: "a", http: [{ match: [{ uri: "/" }], retrys: {} }], gateway: [] };
    const codes = findingsOf("VirtualService", spec).map(({ code }) => code);
    expect(codes.toSorted()).toEqual([
      "unknown-field",
      "unknown-field",
      "wrong-type",
      "wrong-type",
    ]);
  });

  it("tells the index of a list from a name that is a number", () => {
    const [finding] = findingsOf("PeerAuthentication", { portLevelMtls: { 8080: { mode: 1 } } });
    expect(finding?.path).toEqual(["spec", "portLevelMtls", "8080", "mode"]);
  });

  it("is a value under a name with the end of a line in it", () => {
    const [finding] = findingsOf("Sidecar", { workloadSelector: { labels: { "a\nb": null } } });
    expect(finding).toMatchObject({
      path: ["spec", "workloadSelector", "labels", "a\nb"],
      code: "wrong-type",
    });
  });

  it("is looked for before the rules between fields", () => {
    const codes = findingsOf("VirtualService", { hosts: ["*"], htttp: [] }).map(({ code }) => code);
    expect(codes).toEqual(["unknown-field"]);
  });

  it("shortens long values", () => {
    const mode = "S".repeat(1000);
    const [finding] = findingsOf("PeerAuthentication", { mtls: { mode } });
    expect(finding?.message.length).toBeLessThan(200);
  });

  it("begins at the document for kinds without a spec", () => {
    const [finding] = findingsOf("ConfigMap", { data: { mesh: 1 } });
    expect(finding?.path).toEqual(["data", "mesh"]);
  });
});
