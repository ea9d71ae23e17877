import { describe, expect, it, test } from "vitest";
import {
  hostOfRegistry,
  isOfThisMachine,
  parseImageReference,
  registryOfName,
  urlOfRegistry,
} from "../../../src/wasm/image-reference.js";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

test.each([
  ["oci://ghcr.io/a/b:v1", "ghcr.io", "a/b", "v1"],
  ["oci://ghcr.io/a/b", "ghcr.io", "a/b", "latest"],
  ["oci://GHCR.io/a", "ghcr.io", "a", "latest"],
  [`oci://ghcr.io/a@${DIGEST}`, "ghcr.io", "a", DIGEST],
  [`oci://ghcr.io/a:v1@${DIGEST}`, "ghcr.io", "a", DIGEST],
  ["oci://localhost/a", "localhost", "a", "latest"],
  ["oci://registry:5000/a/b_c:v1", "registry:5000", "a/b_c", "v1"],
  ["oci://[::1]:5000/a", "[::1]:5000", "a", "latest"],
  ["oci://envoy:v1", "docker.io", "library/envoy", "v1"],
  ["oci://team/filter", "docker.io", "team/filter", "latest"],
  ["oci://index.docker.io/filter", "docker.io", "library/filter", "latest"],
])("%s is an image of a registry", (url, registry, repository, reference) => {
  expect(parseImageReference(url)).toMatchObject({ registry, repository, reference });
});

test.each([
  "oci://",
  "oci://ghcr.io/",
  "oci://ghcr.io/A",
  "oci://ghcr.io/a//b",
  "oci://ghcr.io/../a",
  "oci://ghcr.io/a?b=c",
  "oci://ghcr.io/a:",
  "oci://ghcr.io/a@sha256:abc",
  "oci://user:password@ghcr.io/a",
  "https://ghcr.io/a",
])("%s is none", (url) => {
  expect(parseImageReference(url)).toBeUndefined();
});

test("a registry is at its host, with the port of https where it says none", () => {
  expect(hostOfRegistry("ghcr.io")).toEqual({ name: "ghcr.io", port: 443 });
  expect(hostOfRegistry("[::1]:5000")).toEqual({ name: "[::1]", port: 5000 });
  expect(urlOfRegistry("registry:5000", "http").href).toBe("http://registry:5000/v2/");
  expect(urlOfRegistry("docker.io", "https").href).toBe("https://registry-1.docker.io/v2/");
});

describe("a registry is one of this machine", () => {
  it.each([
    ["localhost:5000", true],
    ["127.0.0.9:5000", true],
    ["[::1]:5000", true],
    ["localhost.example.com", false],
    ["127.0.0.1.example.com:5000", false],
    ["10.0.0.1:5000", false],
  ])("%s: %s", (registry, isIt) => {
    expect(isOfThisMachine(registry)).toBe(isIt);
  });
});

test.each([
  ["https://index.docker.io/v1/", "docker.io"],
  ["docker.io", "docker.io"],
  ["https://GHCR.io", "ghcr.io"],
  ["registry:5000/v2/", "registry:5000"],
])("credentials of the name %s are for the registry %s", (name, registry) => {
  expect(registryOfName(name)).toBe(registry);
});
