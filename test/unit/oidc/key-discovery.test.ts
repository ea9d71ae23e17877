import { describe, expect, it } from "vitest";
import { type AllowedHost, parseAllowedHost } from "../../../src/net/allowed-host.js";
import {
  createKeyDiscovery,
  type FetchText,
  type KeyDiscovery,
} from "../../../src/oidc/key-discovery.js";
import { type FakeClock, fakeClock } from "../base/fake-clock.js";

const ISSUER = "https://login.example.com";
const KEYS = "https://keys.example.com/v1";

interface Asking {
  readonly discovery: KeyDiscovery;
  readonly clock: FakeClock;
  /** The URLs that were asked, and whether each might be at a private address. */
  readonly asked: readonly (readonly [url: string, mayBePrivate: boolean])[];
  readonly changes: () => number;
  /** What is answered from now on: a text, or an error. */
  answer: (url: URL) => string;
}

const hosts = (texts: readonly string[]): AllowedHost[] =>
  texts.flatMap((text) => parseAllowedHost(text) ?? []);

const configuration = (issuer: string, uri = KEYS): string =>
  JSON.stringify({ issuer, jwks_uri: uri });

function asking(allowed: readonly string[], known: Readonly<Record<string, string>> = {}): Asking {
  const clock = fakeClock();
  const asked: (readonly [string, boolean])[] = [];
  let changes = 0;
  const fetch: FetchText = (url, { mayBePrivate }) => {
    asked.push([url.href, mayBePrivate]);
    return Promise.resolve(url).then((href) => one.answer(href));
  };
  const discovery = createKeyDiscovery({
    hosts: hosts(allowed),
    known: new Map(Object.entries(known)),
    fetch,
    clock,
    onChange: () => {
      changes += 1;
    },
  });
  const one: Asking = {
    discovery,
    clock,
    asked,
    changes: () => changes,
    answer: ({ origin }) => configuration(origin),
  };
  return one;
}

/** Lets what is under way come to rest, and turns the clock on. */
async function pass({ clock }: Asking, ms = 0): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  await clock.turnTo(clock.now() + ms);
}
const SECOND = 1000;
const HOUR = 3600 * SECOND;

const away = (): string => {
  throw new Error("it is away");
};

describe("an issuer", () => {
  it("is asked where its keys are when its host may be", async () => {
    const one = asking(["login.example.com"]);
    one.discovery.want(new Set([ISSUER]));
    expect(one.discovery.problem(ISSUER)).toBeUndefined();
    await pass(one);
    expect(one.asked).toEqual([[`${ISSUER}/.well-known/openid-configuration`, true]]);
    expect(one.discovery.found()).toEqual(new Map([[ISSUER, KEYS]]));
    expect(one.changes()).toBe(1);
  });

  it("is not asked when nobody allowed its host, and it is said how to", async () => {
    const one = asking(["other.example.com"]);
    one.discovery.want(new Set([`${ISSUER}:8443`]));
    await pass(one, HOUR);
    expect(one.asked).toEqual([]);
    expect(one.discovery.problem(`${ISSUER}:8443`)).toBe(
      "nobody allowed to ask it where its keys are; give the rule a jwksUri, or start with --discover-keys login.example.com:8443",
    );
  });

  it("is not asked when it is no https URL", async () => {
    const one = asking(["login.example.com"]);
    one.discovery.want(new Set(["http://login.example.com"]));
    await pass(one, HOUR);
    expect(one.asked).toEqual([]);
    expect(one.discovery.problem("http://login.example.com")).toContain("https URL");
  });

  it("may be at a private address only when its host is named in full", async () => {
    const one = asking(["*.example.com", "b.example.com"]);
    one.discovery.want(new Set(["https://a.example.com", "https://b.example.com"]));
    await pass(one);
    expect(one.asked.map(([, mayBePrivate]) => mayBePrivate)).toEqual([false, true]);
  });

  it("is asked again every hour, and its keys are where it said last", async () => {
    const one = asking(["login.example.com"]);
    one.discovery.want(new Set([ISSUER]));
    await pass(one);
    one.answer = () => configuration(ISSUER, "https://new.example.com");
    await pass(one, HOUR - 1);
    expect(one.asked).toHaveLength(1);
    await pass(one, 1);
    expect(one.discovery.found().get(ISSUER)).toBe("https://new.example.com");
    await pass(one, HOUR);
    expect(one.asked).toHaveLength(3);
    expect(one.changes()).toBe(2);
  });

  it("is asked again after a failure, each time twice as late, five minutes at most", async () => {
    const one = asking(["login.example.com"]);
    one.answer = away;
    one.discovery.want(new Set([ISSUER]));
    await pass(one);
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      const [due = 0] = one.clock.due();
      waits.push((due - one.clock.now()) / SECOND);
      await one.clock.turnTo(due);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
    expect(one.changes()).toBe(1);
    expect(one.discovery.problem(ISSUER)).toBe(
      `${ISSUER}/.well-known/openid-configuration was asked where its keys are: it is away`,
    );
    one.answer = () => configuration(ISSUER);
    await pass(one, 300 * SECOND);
    expect(one.discovery.problem(ISSUER)).toBeUndefined();
    expect(one.discovery.found().get(ISSUER)).toBe(KEYS);
  });

  it("keeps what it said while it is away, and what was kept over a restart", async () => {
    const one = asking(["login.example.com"], {
      [ISSUER]: KEYS,
      "https://other.example.com": KEYS,
    });
    one.answer = away;
    one.discovery.want(new Set([ISSUER, "https://other.example.com"]));
    expect(one.discovery.found()).toEqual(new Map([[ISSUER, KEYS]]));
    await pass(one);
    expect(one.discovery.found()).toEqual(new Map([[ISSUER, KEYS]]));
    expect(one.discovery.problem(ISSUER)).toContain("it is away");
  });

  it("is forgotten, and not asked again, when nobody wants it", async () => {
    const one = asking(["login.example.com"]);
    one.discovery.want(new Set([ISSUER]));
    await pass(one);
    one.discovery.want(new Set());
    expect(one.discovery.found()).toEqual(new Map());
    await pass(one, 2 * HOUR);
    expect(one.asked).toHaveLength(1);
  });

  it("is not asked any more when it was closed, nor heard", async () => {
    const one = asking(["login.example.com"]);
    one.discovery.want(new Set([ISSUER]));
    one.discovery.close();
    await pass(one, 2 * HOUR);
    expect(one.asked).toHaveLength(1);
    expect(one.changes()).toBe(0);
  });
});

it("of very many issuers not all are asked", async () => {
  const one = asking(["login.example.com"]);
  one.answer = away;
  const issuers = Array.from({ length: 101 }, (_, i) => `${ISSUER}/${String(i)}`);
  one.discovery.want(new Set(issuers));
  await pass(one);
  expect(one.asked).toHaveLength(100);
  expect(one.discovery.problem(issuers[100] ?? "")).toBe(
    "no more than 100 issuers are asked; give the rule a jwksUri",
  );
});
