import { expect, test } from "vitest";
import { formatHostPort } from "../../../../src/base/text/host-port.js";

test("a name and an IPv4 address stand before a port as they are, an IPv6 address in brackets", () => {
  expect(formatHostPort({ host: "mesh.example.com", port: 15012 })).toBe("mesh.example.com:15012");
  expect(formatHostPort({ host: "10.0.0.7", port: 80 })).toBe("10.0.0.7:80");
  expect(formatHostPort({ host: "2001:db8::7", port: 80 })).toBe("[2001:db8::7]:80");
});
