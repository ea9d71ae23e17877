import { describe, expect, it, test } from "vitest";
import {
  formatAllowedHost,
  hostOfUrl,
  isMeant,
  isPattern,
  parseAllowedHost,
} from "../../../src/net/allowed-host.js";

test.each([
  ["login.example.com", { name: "login.example.com", port: 443 }],
  ["LOGIN.example.com:8443", { name: "login.example.com", port: 8443 }],
  ["*.example.com", { name: "*.example.com", port: 443 }],
  ["10.0.0.7", { name: "10.0.0.7", port: 443 }],
  ["[::1]:9443", { name: "[::1]", port: 9443 }],
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
  "a b",
  "u@a.com",
])("%j is none", (text) => {
  expect(parseAllowedHost(text)).toBeUndefined();
});

describe("a host is meant", () => {
  const isAllowed = (allowed: string, url: string): boolean => {
    const host = parseAllowedHost(allowed);
    return host !== undefined && isMeant(host, hostOfUrl(new URL(url)));
  };
  it.each([
    ["login.example.com", "https://login.example.com/tenant"],
    ["login.example.com", "https://LOGIN.example.com:443"],
    ["*.example.com", "https://a.b.example.com"],
    ["[::1]:9443", "https://[::1]:9443"],
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
  ])("not by %s at %s", (allowed, url) => {
    expect(isAllowed(allowed, url)).toBe(false);
  });
});

test("a pattern stands for many hosts, a name for one", () => {
  expect(isPattern({ name: "*.example.com", port: 443 })).toBe(true);
  expect(isPattern({ name: "a.example.com", port: 443 })).toBe(false);
});
