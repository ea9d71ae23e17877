import { describe, expect, it } from "vitest";
import { endpointAddress, virtualAddress } from "../../../bench/mesh/mesh-shape.js";
import { serviceYaml } from "../../../bench/mesh/service-yaml.js";
import { validateSource } from "../../../src/config/validate-source.js";

const shape = { services: 1000, namespaces: 20, endpoints: 3 };

describe("the mesh of a measurement", () => {
  it("is valid, also while something is edited", () => {
    const edit = { address: "127.200.0.1", header: "mark", subset: "more" };
    for (const text of [
      serviceYaml(shape, 5),
      serviceYaml(shape, 5, edit),
      serviceYaml(shape, 6),
    ]) {
      const source = { type: "text", path: "svc.yaml", root: "", text } as const;
      expect(validateSource(source)).toEqual([]);
    }
  });

  it("differs by an edit in what the edit is about alone", () => {
    const steady = serviceYaml(shape, 5).split("\n");
    const changed = (edit: Parameters<typeof serviceYaml>[2]): readonly string[] =>
      serviceYaml(shape, 5, edit)
        .split("\n")
        .filter((line) => !steady.includes(line));
    expect(changed({ address: "127.200.0.1" })).toEqual(["  address: 127.200.0.1"]);
    expect(changed({ subset: "more" })).toEqual(["  - {name: more, labels: {version: v1}}"]);
    expect(changed({ header: "mark" })).toEqual([
      "    headers: {request: {set: {x-mark: mark}}}",
      "    headers: {request: {set: {x-mark: mark}}}",
    ]);
  });

  it("gives each endpoint and each service an address of its own", () => {
    const large = { ...shape, services: 10_000 };
    const services = Array.from({ length: large.services }, (_, service) => service);
    const endpoints = services.flatMap((service) =>
      [0, 1, 2].map((endpoint) => endpointAddress(large, service, endpoint)),
    );
    expect(new Set(endpoints).size).toBe(30_000);
    expect(new Set(services.map(virtualAddress)).size).toBe(10_000);
  });
});
