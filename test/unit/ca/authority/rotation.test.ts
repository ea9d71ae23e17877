import { describe, expect, test } from "vitest";
import {
  mayActivate,
  shouldPrepareNext,
  trustedRoots,
} from "../../../../src/ca/authority/rotation.js";

const KEEP = { now: 1000, keepMs: 100 };
const TTL = 500;

describe("the roots to trust", () => {
  test("are those of all slots", () => {
    expect(trustedRoots([], ["A", "B"], KEEP)).toEqual([
      { pem: "A", since: 1000 },
      { pem: "B", since: 1000 },
    ]);
  });

  test("have been trusted since they were first seen, and keep their order", () => {
    const before = [{ pem: "A", since: 1 }];
    expect(trustedRoots(before, ["B", "A"], KEEP)).toEqual([
      { pem: "A", since: 1 },
      { pem: "B", since: 1000 },
    ]);
  });

  test("have one that signs no more until all that it signed has ended, and no longer", () => {
    const retired = trustedRoots([{ pem: "A", since: 1 }], ["B"], KEEP);
    expect(retired).toEqual([
      { pem: "A", since: 1, until: 1100 },
      { pem: "B", since: 1000 },
    ]);
    expect(trustedRoots(retired, ["B"], { ...KEEP, now: 1099 })).toEqual(retired);
    expect(trustedRoots(retired, ["B"], { ...KEEP, now: 1100 })).toEqual([
      { pem: "B", since: 1000 },
    ]);
  });

  test("have one again for good that comes back into a slot", () => {
    const before = [{ pem: "A", since: 1, until: 1050 }];
    expect(trustedRoots(before, ["A"], KEEP)).toEqual([{ pem: "A", since: 1 }]);
  });
});

describe("the next root", () => {
  const trusted = [
    { pem: "A", since: 1 },
    { pem: "B", since: 1000 },
  ];
  const may = (changed: {
    readonly waiting?: readonly string[];
    readonly unseen?: number;
    readonly now?: number;
    readonly certifiedUntil?: number;
  }): boolean => {
    const { waiting = [], unseen = 0, now = 1001, certifiedUntil = 0 } = changed;
    const readiness = { waiting, unseen, trusting: 3 };
    return mayActivate(["B"], trusted, {
      ...{ readiness, now, workloadTtlMs: TTL, certifiedUntil },
    });
  };

  test("signs when everyone has accepted it", () => {
    expect(may({})).toBe(true);
  });

  test("does not sign while one proxy has not, however long that takes", () => {
    expect(may({ waiting: ["a.default"], now: 1_000_000 })).toBe(false);
  });

  test("gives those that cannot be asked the life of a certificate", () => {
    expect(may({ unseen: 1, now: 1000 + TTL - 1 })).toBe(false);
    expect(may({ unseen: 1, now: 1000 + TTL })).toBe(true);
  });

  test("waits until the certificates have ended with which agents were given others", () => {
    const certifiedUntil = 1000 + TTL / 2;
    expect(may({ now: certifiedUntil - 1, certifiedUntil })).toBe(false);
    expect(may({ now: certifiedUntil, certifiedUntil })).toBe(true);
  });

  test("does not wait for agents where its roots have been trusted for the life of a certificate", () => {
    expect(may({ now: 1000 + TTL, certifiedUntil: 1000 + 2 * TTL })).toBe(true);
  });

  test("does not sign before it is among the roots to trust", () => {
    const readiness = { waiting: [], unseen: 0, trusting: 0 };
    const facts = { readiness, now: 1_000_000, workloadTtlMs: TTL, certifiedUntil: 0 };
    expect(mayActivate(["B", "C"], trusted, facts)).toBe(false);
  });

  test("is made when a tenth of the present one's life is left", () => {
    const life = { issuedAt: 0, notAfter: 1000 };
    expect(shouldPrepareNext(life, 899)).toBe(false);
    expect(shouldPrepareNext(life, 901)).toBe(true);
  });
});
