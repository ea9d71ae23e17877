/** What is told of the authority's roots, and how often. */
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { startRootRotation } from "../../../../src/app/identity/root-rotation.js";
import type { AuthorityStatus } from "../../../../src/ca/authority/authority.js";
import type { Readiness } from "../../../../src/ca/authority/rotation.js";
import type { RotationStatus } from "../../../../src/ca/authority/rotation-status.js";
import { fakeClock } from "../../base/fake-clock.js";
import { authorityTemplate, makeCertificate } from "../../ca/make-certificate.js";

const SECOND_MS = 1000;

const nobody: Readiness = { waiting: [], trusting: 0, unseen: 0 };

/** Follows an authority that stands as the test says. */
function follow(
  first: AuthorityStatus,
  { keep, readiness = () => nobody }: { keep?: () => Promise<void>; readiness?: () => Readiness },
) {
  const clock = fakeClock();
  const roots: (readonly string[])[] = [];
  const trusted: (readonly string[])[] = [];
  const statuses: RotationStatus[] = [];
  let standing = first;
  const stop = startRootRotation({
    authority: {
      get roots() {
        return standing.trusted.map(({ pem }) => pem);
      },
      advance: () => Promise.resolve(),
      status: () => standing,
      workloadTtlMs: 24 * 3_600_000,
    },
    readiness,
    ownReadiness: readiness,
    onTrusted: (now) => trusted.push(now),
    onRoots: (now) => roots.push(now),
    onStatus: async (status) => {
      await keep?.();
      statuses.push(status);
    },
    onEnding: () => undefined,
    onError: () => undefined,
    clock,
  });
  onTestFinished(stop);
  const stand = (next: AuthorityStatus): void => {
    standing = next;
  };
  const wait = async (seconds: number): Promise<void> => {
    // The first step is taken without a timer.
    await setImmediate();
    await clock.turnTo(clock.now() + seconds * SECOND_MS);
  };
  return { roots, trusted, statuses, stand, wait };
}

/** How an authority stands that signs by the first of some roots, and has the next one where there is one. */
function standingBy(current: string, next?: string): AuthorityStatus {
  const pems = next === undefined ? [current] : [current, next];
  return {
    trusted: pems.map((pem) => ({ pem, since: 0 })),
    signing: { subject: "O=mesh", isRoot: true, issuedAt: 0, notAfter: Number.MAX_SAFE_INTEGER },
    current: [current],
    next: next === undefined ? [] : [next],
    certifiedUntil: 0,
  };
}

async function newRoot(): Promise<string> {
  return (await makeCertificate(authorityTemplate())).pem;
}

test("roots and status are told when they change, and not again while they stand", async () => {
  const [first, second] = [await newRoot(), await newRoot()];
  const { roots, statuses, stand, wait } = follow(standingBy(first), {});
  await wait(3);
  expect(roots).toEqual([]);
  expect(statuses.map((status) => status.roots.map(({ role }) => role))).toEqual([["signs"]]);

  stand(standingBy(first, second));
  await wait(3);
  expect(roots).toEqual([[first, second]]);
  expect(statuses.at(-1)?.roots.map(({ role }) => role)).toEqual(["signs", "next"]);
  expect(statuses).toHaveLength(2);
});

test("a status that could not be kept is told again", async () => {
  let isFull = true;
  const keep = () => (isFull ? Promise.reject(new Error("the disk is full")) : Promise.resolve());
  const { statuses, wait } = follow(standingBy(await newRoot()), { keep });
  await wait(2);
  expect(statuses).toEqual([]);
  isFull = false;
  await wait(2);
  expect(statuses).toHaveLength(1);
});

test("while there is a next root, who is waited for is told as it changes", async () => {
  let waiting = ["a.default", "b.default"];
  const readiness = () => ({ ...nobody, waiting });
  const standing = standingBy(await newRoot(), await newRoot());
  const { statuses, wait } = follow(standing, { readiness });
  await wait(2);
  waiting = ["b.default"];
  await wait(2);
  expect(statuses.map(({ proxies }) => proxies?.waiting)).toEqual([
    ["a.default", "b.default"],
    ["b.default"],
  ]);
});

test("which roots all proxies trust is told once they do, and while they do not yet trust another, those of before", async () => {
  const [first, second] = [await newRoot(), await newRoot()];
  let readiness: Readiness = { waiting: [], trusting: 1, unseen: 0 };
  const { trusted, stand, wait } = follow(standingBy(first), { readiness: () => readiness });
  await wait(2);
  expect(trusted).toEqual([[first]]);

  readiness = { waiting: ["payments-0.default"], trusting: 0, unseen: 0 };
  stand(standingBy(first, second));
  await wait(2);
  expect(trusted).toEqual([[first]]);

  readiness = { waiting: [], trusting: 1, unseen: 0 };
  await wait(2);
  expect(trusted).toEqual([[first], [first, second]]);
});
