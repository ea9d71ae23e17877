import { expect, test } from "vitest";
import { type StatSubject, statName } from "../../../src/envoy/cluster/stat-name.js";

const service = {
  hostname: "shop.default.svc.cluster.local",
  name: "shop",
  namespace: "default",
  kubernetes: true,
};
const subject: StatSubject = { service, port: { number: 80, name: "http" } };

test.each([
  ["", "outbound|80||shop;"],
  ["%SERVICE%", "shop.default;"],
  ["%SERVICE_NAME%", "shop;"],
  ["%SERVICE_FQDN%", "shop.default.svc.cluster.local;"],
  ["%SERVICE_PORT%/%SERVICE_PORT_NAME%/%TARGET_PORT%", "80/http/8080;"],
  ["%%SUBSET_NAME%%", "%v1%;"],
  ["100%_%OTHER%", "100%_%OTHER%;"],
])("the pattern '%s' makes a name in statistics", (pattern, name) => {
  const ofSubset = { ...subject, targetPort: 8080, subset: "v1" };
  expect(statName(pattern, "outbound|80||shop", ofSubset)).toBe(name);
});

test("a host that is no Kubernetes Service's has no shorter name", () => {
  const external = { ...service, hostname: "api.example.com", kubernetes: false };
  const pattern = "%SERVICE%_%SERVICE_NAME%_%TARGET_PORT%_%SUBSET_NAME%";
  expect(statName(pattern, "x", { ...subject, service: external })).toBe(
    "api.example.com_api.example.com_0_;",
  );
});
