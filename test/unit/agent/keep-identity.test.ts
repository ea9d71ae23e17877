import { describe, expect, onTestFinished, test } from "vitest";
import type { Identity } from "../../../src/agent/identity.js";
import {
  type IdentityDirectory,
  openIdentityDirectory,
} from "../../../src/agent/identity-directory.js";
import {
  type IdentityEvent,
  type KeepIdentityOptions,
  keepIdentity,
} from "../../../src/agent/keep-identity.js";
import type { TokenFile } from "../../../src/agent/token-file.js";
import { BACKDATE_MS } from "../../../src/ca/certificate/certificate-template.js";
import type { CallerProof, CertifiedAnswer } from "../../../src/ca/issue/certificate-client.js";
import { redact } from "../../../src/ca/redacted.js";
import { CallRefused } from "../../../src/grpc/call-refused.js";
import { status } from "../../../src/grpc/status-code.js";
import { temporaryDirectory } from "../ca/temporary-directory.js";
import { fakeAuthority, lifeOf, PAYMENTS, wholeSeconds } from "./fake-authority.js";

const TTL = 100_000;
const authority = await fakeAuthority();
const next = await fakeAuthority("next");
const ROOT = authority.root.pem;

const refused = (): CallRefused => new CallRefused(status.UNAUTHENTICATED, "it is not taken");
const away = (): CallRefused => new CallRefused(status.UNAVAILABLE, "nobody is there");

type Answers = (proof: CallerProof, csr: string, roots: string) => Promise<CertifiedAnswer>;

interface Scene {
  readonly events: IdentityEvent[];
  /** Milliseconds since the start at which the control plane was asked, and by what. */
  readonly asked: string[];
  readonly waits: number[];
  readonly now: () => number;
  readonly answer: (csr: string) => Promise<CertifiedAnswer>;
}

interface SceneOptions {
  readonly current?: (start: number) => Promise<Identity>;
  readonly token?: TokenFile;
  readonly random?: number;
  /** How many milliseconds nothing can be written for. */
  readonly fullMs?: number;
}

/** A token that is there and stays. */
const TOKEN: TokenFile = {
  read: () => Promise.resolve(redact("token")),
  changed: (signal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        resolve();
      });
    }),
};

/** Keeps an identity until so many events have come; the clock goes on by what is waited for. */
async function keepUntil(
  events: number,
  answers: (scene: Scene) => Answers,
  { current, token, random = 0.5, fullMs = 0 }: SceneOptions = {},
): Promise<Scene & { readonly kept: () => Promise<Identity | undefined> }> {
  const start = wholeSeconds(Date.now());
  let now = start;
  const directory = await openIdentityDirectory(`${await temporaryDirectory()}/identity`);
  onTestFinished(() => directory.release());
  const controller = new AbortController();
  const scene: Scene = {
    ...{ events: [], asked: [], waits: [], now: () => now },
    answer: async (csr) => ({ chain: await authority.certify(csr, lifeOf(now, TTL)), roots: ROOT }),
  };
  const certify: KeepIdentityOptions["certify"] = (roots, proof, csr) => {
    scene.asked.push(`${now - start} ${"token" in proof ? "token" : "certificate"}`);
    return answers(scene)(proof, csr, roots);
  };
  const disk: IdentityDirectory = {
    ...directory,
    keep: (identity, roots) =>
      now < start + fullMs
        ? Promise.reject(new Error("no space"))
        : directory.keep(identity, roots),
  };
  await keepIdentity({
    ...{ wanted: PAYMENTS, directory: disk, roots: ROOT, current: await current?.(start), certify },
    ...(token === undefined ? {} : { token }),
    clock: {
      now: () => now,
      wait: (ms) => {
        scene.waits.push(ms);
        now += ms;
        return Promise.resolve();
      },
      random: () => random,
    },
    onEvent: (event) => {
      scene.events.push(event);
      if (scene.events.length === events) controller.abort();
    },
    signal: controller.signal,
  });
  return { ...scene, kept: () => directory.identity() };
}

const good =
  ({ answer }: Scene): Answers =>
  (_proof, csr) =>
    answer(csr);

test("the first certificate is by the token, each one after it by the one before, at half life", async () => {
  const { asked, events, kept } = await keepUntil(3, good, { token: TOKEN });
  expect(asked).toEqual(["0 token", "50000 certificate", "100000 certificate"]);
  expect(events.map(({ kind }) => kind)).toEqual(["certified", "certified", "certified"]);
  expect(await kept()).toMatchObject({ workload: PAYMENTS });
});

test.each([
  [0, 40_000],
  [1, 60_000],
])("the renewal is a tenth of the life earlier or later by chance (%d)", async (random, at) => {
  const { asked } = await keepUntil(2, good, { token: TOKEN, random });
  expect(asked).toEqual(["0 token", `${at} certificate`]);
});

test("a certificate that is there is renewed when half of its life is over, not at the start", async () => {
  const { asked } = await keepUntil(1, good, {
    current: (start) => authority.issue(lifeOf(start - 30_000, TTL)),
  });
  expect(asked).toEqual(["20000 certificate"]);
});

test("one that is older is renewed at once", async () => {
  const { asked } = await keepUntil(1, good, {
    current: (start) => authority.issue(lifeOf(start - 80_000, TTL)),
  });
  expect(asked).toEqual(["0 certificate"]);
});

test("a certificate for which there is no space is kept when there is, and took the token once", async () => {
  const { asked, events, kept } = await keepUntil(3, good, { token: TOKEN, fullMs: 2000 });
  expect(asked).toEqual(["0 token"]);
  expect(events).toEqual([
    { kind: "unkept", reason: "no space", retryInMs: 1000 },
    { kind: "unkept", reason: "no space", retryInMs: 2000 },
    expect.objectContaining({ kind: "certified", by: "token" }),
  ]);
  expect(await kept()).toMatchObject({ workload: PAYMENTS });
});

test("a clock that is behind costs no token: the certificate is kept when it is valid", async () => {
  const ahead = 2500;
  const { asked, events } = await keepUntil(
    3,
    ({ now }) =>
      async (_proof, csr) => {
        const chain = await authority.certify(csr, lifeOf(now() + BACKDATE_MS + ahead, TTL));
        return { chain, roots: ROOT };
      },
    { token: TOKEN },
  );
  expect(asked).toEqual(["0 token"]);
  const reason = expect.stringMatching(/^it is not valid yet, by the clock of this machine \(20/);
  expect(events).toEqual([
    { kind: "unkept", reason, retryInMs: 1000 },
    { kind: "unkept", reason, retryInMs: 2000 },
    expect.objectContaining({ kind: "certified", by: "token" }),
  ]);
});

test("a disk that is full for longer than a certificate is good costs no token, and is found free soon", async () => {
  for (const [ttl, fullMs, events] of [
    [TTL, 2 * TTL, 20],
    [12_000, 60_000, 16],
  ] as const) {
    const scene = await keepUntil(
      events,
      ({ now }) =>
        async (_proof, csr) => ({
          chain: await authority.certify(csr, lifeOf(now(), ttl)),
          roots: ROOT,
        }),
      { token: TOKEN, fullMs },
    );
    expect(scene.asked.filter((one) => one.endsWith("token"))).toEqual(["0 token"]);
    expect(scene.events.at(-1)).toMatchObject({ kind: "certified", by: "certificate" });
    expect(scene.waits.every((ms) => ms <= 15_000)).toBe(true);
  }
});

test("each certificate is for a key of its own", async () => {
  const { events } = await keepUntil(2, good, { token: TOKEN });
  const keys = events.map(
    (event) => event.kind === "certified" && event.identity.privateKey.reveal(),
  );
  expect(new Set(keys).size).toBe(2);
});

test("who does not answer is asked again, after pauses that grow", async () => {
  const { asked, events } = await keepUntil(5, () => () => Promise.reject(away()), {
    token: TOKEN,
  });
  expect(asked).toEqual(["0 token", "1000 token", "3000 token", "7000 token", "15000 token"]);
  expect(events[0]).toEqual({
    ...{ kind: "waiting", reason: "nobody is there", needsToken: false, retryInMs: 1000 },
  });
});

test("a certificate that is refused while it is valid is followed by the token", async () => {
  const { asked } = await keepUntil(
    1,
    ({ answer }) =>
      (proof, csr) =>
        "token" in proof ? answer(csr) : Promise.reject(refused()),
    { current: (start) => authority.issue(lifeOf(start - 80_000, TTL)), token: TOKEN },
  );
  expect(asked).toEqual(["0 certificate", "0 token"]);
});

test("the token is not sent while the control plane is only away and the certificate is good", async () => {
  const { asked } = await keepUntil(1, () => () => Promise.reject(away()), {
    current: (start) => authority.issue(lifeOf(start - 80_000, TTL)),
    token: TOKEN,
  });
  expect(asked).toEqual(["0 certificate"]);
});

test("when the certificate has ended a token is needed, and that is said", async () => {
  const { asked, events } = await keepUntil(
    4,
    () => (proof) => Promise.reject("token" in proof ? refused() : away()),
    { current: (start) => authority.issue(lifeOf(start - 95_000, TTL)), token: TOKEN },
  );
  // Pauses of 1, 2 and 4 s: five seconds are left at the start.
  expect(asked).toEqual(["0 certificate", "1000 certificate", "3000 certificate", "7000 token"]);
  expect(events.at(-1)).toMatchObject({ kind: "waiting", needsToken: true });
  expect(events.at(-1)).toHaveProperty("ended");
  expect(events.at(-2)).not.toHaveProperty("ended");
});

test("a new token is taken at once, whatever the pause", async () => {
  let text = "old";
  const { asked } = await keepUntil(
    2,
    ({ answer }) =>
      (proof, csr) =>
        "token" in proof && proof.token.reveal() === "new"
          ? answer(csr)
          : Promise.reject(refused()),
    {
      token: {
        read: () => Promise.resolve(redact(text)),
        changed: () => {
          text = "new";
          return Promise.resolve();
        },
      },
    },
  );
  expect(asked).toHaveLength(2);
});

test("a token that cannot be read is waited for", async () => {
  const token = { ...TOKEN, read: () => Promise.reject(new Error("no such file")) };
  const { asked, events } = await keepUntil(2, good, { token });
  expect(asked).toEqual([]);
  expect(events[1]).toMatchObject({ reason: "no such file", needsToken: true });
});

test("without a token nothing is asked when the certificate has ended", async () => {
  const { asked, events } = await keepUntil(1, good, {
    current: (start) => authority.issue(lifeOf(start - 200_000, TTL)),
  });
  expect(asked).toEqual([]);
  expect(events[0]).toMatchObject({ reason: "there is no valid certificate", needsToken: true });
});

test("roots that come with a certificate are trusted from then on", async () => {
  const trusted: string[] = [];
  const { kept } = await keepUntil(
    2,
    ({ now }) =>
      async (_proof, csr, roots) => {
        trusted.push(roots);
        const chain = await next.certify(csr, lifeOf(now(), TTL));
        return { chain, roots: ROOT + next.root.pem };
      },
    { token: TOKEN },
  );
  expect(trusted).toEqual([ROOT, ROOT + next.root.pem]);
  expect(await kept()).toBeDefined();
});

describe("what a control plane answers is not taken", () => {
  test.each<[string, string, (scene: Scene, csr: string) => Promise<Partial<CertifiedAnswer>>]>([
    [
      "for somebody else",
      "it is that of default/orders, not of default/payments",
      async ({ now }, csr) => {
        const value = "spiffe://cluster.local/ns/default/sa/orders";
        const subjectAltNames = [{ type: "uri", value }] as const;
        return { chain: await authority.certify(csr, { ...lifeOf(now(), TTL), subjectAltNames }) };
      },
    ],
    ["for another key", "for another key", async () => authority.issue()],
    [
      "by another root than it says",
      "does not lead to a root",
      async ({ now }, csr) => ({ chain: await next.certify(csr, lifeOf(now(), TTL)) }),
    ],
    [
      "when it has ended",
      "it ended at",
      async ({ now }, csr) => ({
        chain: await authority.certify(csr, lifeOf(now() - 2 * TTL, TTL)),
      }),
    ],
    ["without roots", "there is no root certificate", () => Promise.resolve({ roots: "" })],
    ["without a certificate", "there is no certificate", () => Promise.resolve({ chain: "" })],
  ])("%s, and what was there stays", async (_what, reason, change) => {
    const { events, kept } = await keepUntil(
      2,
      (scene) => {
        const isFirst = scene.asked.length === 1;
        return async (_proof, csr) => ({
          ...(await scene.answer(csr)),
          ...(isFirst ? {} : await change(scene, csr)),
        });
      },
      { token: TOKEN },
    );
    const [first, second] = events;
    expect(second).toMatchObject({ kind: "waiting", reason: expect.stringContaining(reason) });
    expect(first).toMatchObject({ identity: { chain: (await kept())?.chain } });
  });
});
