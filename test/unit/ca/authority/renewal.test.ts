import fc from "fast-check";
import { expect, test } from "vitest";
import type { IssuedCertificate } from "../../../../src/ca/authority/authority.js";
import { renewalTime, retryDelayMs } from "../../../../src/ca/authority/renewal.js";
import { type Renewal, startRenewal } from "../../../../src/ca/issue/renewed-certificate.js";
import { redact } from "../../../../src/ca/redacted.js";
import { type FakeClock, fakeClock } from "../../base/fake-clock.js";

const HOUR = 3_600_000;

test("a certificate is renewed between 40 and 60 percent of its life", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: 1000, max: 1e11 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (issuedAt, life, random) => {
        const share =
          (renewalTime({ issuedAt, notAfter: issuedAt + life }, random) - issuedAt) / life;
        expect(share).toBeGreaterThanOrEqual(0.399);
        expect(share).toBeLessThanOrEqual(0.601);
      },
    ),
  );
});

test("retries wait longer each time, up to a minute", () => {
  expect([1, 2, 3, 6, 7, 8, 2000].map(retryDelayMs)).toEqual([
    1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000,
  ]);
});

interface Run {
  readonly clock: FakeClock;
  readonly renewal: Renewal;
  readonly renewed: string[];
  readonly errors: unknown[];
}

async function run(
  issue: (n: number) => Promise<void> = () => Promise.resolve(),
  changed: { first?: IssuedCertificate; wanted?: () => boolean } = {},
): Promise<Run> {
  const clock = fakeClock();
  const renewed: string[] = [];
  const errors: unknown[] = [];
  let n = 0;
  const renewal = await startRenewal(
    async () => {
      n += 1;
      await issue(n);
      return certificate(`certificate ${n}`, clock.now());
    },
    {
      clock,
      random: () => 0.5,
      onError: (error) => errors.push(error),
      onRenewed: ({ chain }) => renewed.push(chain),
      ...changed,
    },
  );
  return { clock, renewal, renewed, errors };
}

function certificate(chain: string, issuedAt: number): IssuedCertificate {
  return { chain, privateKey: redact("key"), issuedAt, notAfter: issuedAt + 2 * HOUR };
}

test("it is renewed at each half life", async () => {
  const { clock, renewal, renewed } = await run();
  await clock.turnTo(clock.now() + 2 * HOUR + 1);
  expect(renewed).toEqual(["certificate 1", "certificate 2", "certificate 3"]);
  expect(renewal.current().chain).toBe("certificate 3");
});

test("a failure is told, the old certificate stays, and it is tried again", async () => {
  const { clock, renewal, errors } = await run((n) =>
    n === 2 || n === 3 ? Promise.reject(new Error(`attempt ${n}`)) : Promise.resolve(),
  );
  const start = clock.now();
  await clock.turnTo(start + HOUR);
  expect(renewal.current().chain).toBe("certificate 1");
  await clock.turnTo(start + HOUR + 1000);
  expect(errors).toEqual([new Error("attempt 2"), new Error("attempt 3")]);
  await clock.turnTo(start + HOUR + 3000);
  expect(renewal.current().chain).toBe("certificate 4");
  expect(clock.due()).toEqual([start + HOUR + 3000 + HOUR]);
});

test("the first failure is the caller's", async () => {
  await expect(run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("it goes on from a certificate of before", async () => {
  const first = certificate("of before", fakeClock().now() - HOUR / 2);
  const { clock, renewed } = await run(undefined, { first });
  expect(renewed).toEqual(["of before"]);
  expect(clock.due()).toEqual([first.issuedAt + HOUR]);
});

test("nothing happens any more when it is stopped, also in the middle of a renewal", async () => {
  let release: () => void = () => undefined;
  const { clock, renewal, renewed } = await run((n) =>
    n === 1 ? Promise.resolve() : new Promise((resolve) => (release = resolve)),
  );
  await clock.turnTo(clock.now() + HOUR);
  let ended = false;
  const end = renewal.stop().then(() => (ended = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  release();
  await end;
  await clock.turnTo(clock.now() + 10 * HOUR);
  expect(renewed).toEqual(["certificate 1"]);
  expect(clock.due()).toEqual([]);
});

test("one that is asked for during another comes after it, and is the one that is renewed", async () => {
  const { clock, renewal, renewed } = await run();
  renewal.renewNow();
  renewal.renewNow();
  await clock.turnTo(clock.now() + 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(renewed).toEqual(["certificate 1", "certificate 2", "certificate 3"]);
  expect(clock.due()).toHaveLength(1);
});

test("it ends by itself when it is no longer wanted", async () => {
  let wanted = true;
  const { clock, renewed } = await run(undefined, { wanted: () => wanted });
  await clock.turnTo(clock.now() + HOUR);
  wanted = false;
  await clock.turnTo(clock.now() + 10 * HOUR);
  expect(renewed).toHaveLength(2);
  expect(clock.due()).toEqual([]);
});
