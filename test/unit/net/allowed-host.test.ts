import { describe, expect, it, test } from "vitest";
import {
  formatAllowedHost,
  hostOfUrl,
  parseAllowedHost,
  placeOf,
} from "../../../src/net/allowed-host.js";

test.each([
  ["login.example.com", { name: "login.example.com", port: 443 }],
  ["LOGIN.example.com:8443", { name: "login.example.com", port: 8443 }],
  ["*.example.com", { name: "*.example.com", port: 443 }],
  ["10.0.0.7", { name: "10.0.0.7", port: 443 }],
  ["[::1]:9443", { name: "[::1]", port: 9443 }],
  ["[2001:DB8:0:0:0:0:0:1]", { name: "[2001:db8::1]", port: 443 }],
  ["localhost:1", { name: "localhost", port: 1 }],
])("%s is a host", (text, host) => {
  expect(parseAllowedHost(text)).toEqual(host);
  expect(parseAllowedHost(formatAllowedHost(host))).toEqual(host);
});

test.each([
  "",
  "*",
  "*.com",
  "a.*.com",
  "https://a.com",
  "a.com/x",
  "a.com:0",
  "a.com:65536",
  "::1",
  "[]",
  "[:]",
  "[::1",
  "[1:2:3]",
  "[fe80::1%eth0]",
  "[127.0.0.1]",
  "a b",
  "u@a.com",
])("%j is none", (text) => {
  expect(parseAllowedHost(text)).toBeUndefined();
});

describe("a host is meant", () => {
  const isAllowed = (allowed: string, url: string): boolean => {
    const host = parseAllowedHost(allowed);
    return host !== undefined && placeOf(hostOfUrl(new URL(url)), [host]) !== undefined;
  };
  it.each([
    ["login.example.com", "https://login.example.com/tenant"],
    ["login.example.com", "https://LOGIN.example.com:443"],
    ["*.example.com", "https://a.b.example.com"],
    ["[::1]:9443", "https://[::1]:9443"],
    ["[0:0:0:0:0:0:0:1]:9443", "https://[::1]:9443"],
    ["[::ffff:10.0.0.7]", "https://[::FFFF:a00:7]"],
    ["login.example.com:80", "http://login.example.com"],
    ["login.example.com:8080", "http://login.example.com:8080"],
  ])("by %s at %s", (allowed, url) => {
    expect(isAllowed(allowed, url)).toBe(true);
  });
  it.each([
    ["login.example.com", "https://login.example.com:8443"],
    ["login.example.com", "https://login.example.com.evil.org"],
    ["example.com", "https://login.example.com"],
    ["*.example.com", "https://example.com"],
    ["*.example.com", "https://evilexample.com"],
    ["127.0.0.1", "https://127.0.0.2"],
    ["login.example.com", "http://login.example.com"],
  ])("not by %s at %s", (allowed, url) => {
    expect(isAllowed(allowed, url)).toBe(false);
  });
});

test("only a host that is named in full may be at a private address", () => {
  const host = { name: "a.example.com", port: 443 };
  const pattern = { name: "*.example.com", port: 443 };
  expect(placeOf(host, [pattern])).toEqual({ mayBePrivate: false });
  expect(placeOf(host, [pattern, host])).toEqual({ mayBePrivate: true });
  expect(placeOf(host, [{ ...host, port: 8443 }])).toBeUndefined();
});
