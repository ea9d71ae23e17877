import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import {
  parseCount,
  parseHostPort,
  parseIpAddress,
  parseLabels,
  parseLocality,
  parsePort,
  parseRatio,
  parseResolver,
  parseServiceAccount,
  parseTtl,
  parseWorkload,
} from "../../../../src/cli/options/arguments.js";

interface Case {
  readonly parse: (text: string) => unknown;
  readonly good: readonly (readonly [string, unknown])[];
  readonly bad: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  port: {
    parse: parsePort,
    good: [
      ["0", 0],
      ["65535", 65_535],
    ],
    bad: ["", "-1", "65536", "http", "1.5"],
  },
  ttl: {
    parse: parseTtl,
    good: [
      ["24h", 86_400_000],
      ["1m30s", 90_000],
    ],
    bad: ["", "0", "-1h", "10", "soon"],
  },
  ratio: {
    parse: parseRatio,
    good: [
      ["1", 1],
      [".99", 0.99],
      ["0", 0],
    ],
    bad: ["", "1.01", "-.5", "99%"],
  },
  count: { parse: parseCount, good: [["1", 1]], bad: ["0", "-1", "1.5", "many"] },
  "host and port": {
    parse: parseHostPort,
    good: [
      ["127.0.0.1:15012", { host: "127.0.0.1", port: 15_012 }],
      ["mesh.example.com:443", { host: "mesh.example.com", port: 443 }],
      ["[::1]:15012", { host: "::1", port: 15_012 }],
    ],
    bad: ["", "127.0.0.1", ":15012", "::1:15012", "host:port", "host:99999"],
  },
  "IP address": {
    parse: parseIpAddress,
    good: [
      ["10.0.0.7", "10.0.0.7"],
      ["fd00::1", "fd00::1"],
    ],
    bad: ["", "10.0.0", "host"],
  },
  "DNS server": {
    parse: (text) => parseResolver(text, undefined),
    good: [
      ["10.0.0.53", [{ address: "10.0.0.53", port: 53 }]],
      ["10.0.0.53:5353", [{ address: "10.0.0.53", port: 5353 }]],
      ["fd00::53", [{ address: "fd00::53", port: 53 }]],
    ],
    bad: ["", "dns.example.com:53"],
  },
  locality: {
    parse: parseLocality,
    good: [
      ["eu", { region: "eu" }],
      ["eu/eu-1", { region: "eu", zone: "eu-1" }],
      ["eu/eu-1/rack", { region: "eu", zone: "eu-1", subZone: "rack" }],
    ],
    bad: ["", "/zone", "a/b/c/d"],
  },
  labels: {
    parse: parseLabels,
    good: [
      ["app=a", { app: "a" }],
      [
        "app=a,app.kubernetes.io/name=b=c,empty=",
        { app: "a", "app.kubernetes.io/name": "b=c", empty: "" },
      ],
    ],
    bad: ["", "app", "=a", "app=a,,b=c"],
  },
  workload: {
    parse: parseWorkload,
    good: [
      ["payments-v1-0.shop", { name: "payments-v1-0", namespace: "shop" }],
      ["payments-v1-0", { name: "payments-v1-0", namespace: "default" }],
    ],
    bad: ["", "a.b.c", "A", "a_b"],
  },
  "service account": {
    parse: parseServiceAccount,
    good: [["default/payments", { namespace: "default", serviceAccount: "payments" }]],
    bad: ["", "default", "default/", "/payments", "a/b/c"],
  },
};

describe.each(Object.entries(CASES))("%s", (_, { parse, good, bad }) => {
  test.each(good)("reads %s", (text, value) => {
    expect(parse(text)).toEqual(value);
  });

  test.each(bad)("refuses %j", (text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
  });
});
