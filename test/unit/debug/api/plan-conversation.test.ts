/** How a caller tells of a directory, and is told the plan. */
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { PlanResponseJson } from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { ReplacingFile } from "../../../../src/config/store/replacement.js";
import { fileDigest } from "../../../../src/debug/api/file-digest.js";
import {
  createPlanConversations,
  type PlanDraft,
} from "../../../../src/debug/api/plan-conversation.js";
import { fakeClock } from "../../base/fake-clock.js";

const KNOWN = "known: {}\n";

/** Conversations about a directory of which one file is known, and what plans were made of. */
function conversations(pieces: readonly string[] = ["{}"]) {
  const made: (readonly ReplacingFile[])[] = [];
  const signals: AbortSignal[] = [];
  const draft: PlanDraft = {
    textOf: (path) => (path === "known.yaml" ? KNOWN : undefined),
    make: (files, signal) => {
      made.push(files);
      signals.push(signal);
      return Promise.resolve(pieces);
    },
  };
  const clock = fakeClock();
  const open = createPlanConversations({ begin: () => Promise.resolve(draft), clock });
  return { open, made, signals, clock };
}

const refusedWith = (code: status, message = ""): object =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as object;

test("texts are asked for that are not known by their digests, and the plan is made of all", async () => {
  const { open, made } = conversations();
  const { answer } = open();
  const problem = { code: "not-utf8", message: "it is none" };
  const files = [
    { path: "known.yaml", sha256: fileDigest(KNOWN) },
    { path: "b/new.yaml", sha256: fileDigest("new: {}\n") },
    { path: "odd.yaml", problem },
  ];
  expect(await answer({ directory: "next/mesh", name: "mesh", files })).toEqual({
    missing: ["b/new.yaml"],
  });
  expect(await answer({ files: [{ path: "b/new.yaml", text: "new: {}\n" }] })).toEqual({
    missing: [],
  });
  expect(await answer({ tell: true })).toEqual({ piece: "{}", isLast: true });
  expect(made).toEqual([
    [
      { path: "known.yaml", text: KNOWN },
      { path: "b/new.yaml", text: "new: {}\n" },
      { path: "odd.yaml", ...problem },
    ],
  ]);
});

test("a file that is known with another text is asked for", async () => {
  const { answer } = conversations().open();
  const files = [{ path: "known.yaml", sha256: fileDigest("known: []\n") }];
  expect(await answer({ name: "mesh", files })).toEqual({ missing: ["known.yaml"] });
  await expect(answer({ tell: true })).rejects.toEqual(
    refusedWith(status.FAILED_PRECONDITION, "known.yaml"),
  );
});

test("a long plan is told in pieces, and made once", async () => {
  const parts = Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(20_000, "."));
  const { open, made } = conversations(parts);
  const { answer } = open();
  const told: PlanResponseJson[] = [];
  while (told.at(-1)?.isLast !== true) told.push(await answer({ name: "mesh", tell: true }));
  expect(told.map(({ piece }) => piece).join("")).toBe(parts.join(""));
  expect(told.length).toBeGreaterThan(2);
  expect(made.length).toBe(1);
});

test.each(["/etc/passwd", "../../mesh.yaml", "a/../../b.yaml", "a".repeat(5000)])(
  "a path that is none below a directory is refused: %.20s",
  async (path) => {
    const { answer } = conversations().open();
    await expect(answer({ name: "mesh", files: [{ path, text: "" }] })).rejects.toEqual(
      refusedWith(status.INVALID_ARGUMENT, "no path below"),
    );
  },
);

test("more than a file, or all files, may have is refused", async () => {
  const { open } = conversations();
  const text = "#".repeat(9 * 2 ** 20);
  const large = open();
  const files = [{ path: "large.yaml", text: `${text}${text}` }];
  await expect(large.answer({ name: "mesh", files })).rejects.toEqual(
    refusedWith(status.RESOURCE_EXHAUSTED, "large.yaml"),
  );
  large.close();
  const { answer } = open();
  for (let i = 0; i < 7; i++) await answer({ name: "mesh", files: [{ path: `${i}.yaml`, text }] });
  await expect(answer({ files: [{ path: "one-more.yaml", text }] })).rejects.toEqual(
    refusedWith(status.RESOURCE_EXHAUSTED, "more than"),
  );
});

test("one plan is made at a time; the next when all of it is told", async () => {
  const { open } = conversations();
  const [first, second] = [open(), open()];
  await first.answer({ name: "mesh" });
  await expect(second.answer({ name: "mesh" })).rejects.toEqual(refusedWith(status.ABORTED));
  second.close();
  expect(await first.answer({ tell: true })).toEqual({ piece: "{}", isLast: true });
  const third = open();
  expect(await third.answer({ name: "mesh" })).toEqual({ missing: [] });
  first.close();
  await expect(open().answer({ name: "mesh" })).rejects.toEqual(refusedWith(status.ABORTED));
});

test("the next plan is made when the caller of one has gone", async () => {
  const { open } = conversations();
  const first = open();
  await first.answer({ name: "mesh" });
  first.close();
  expect(await open().answer({ name: "mesh" })).toEqual({ missing: [] });
});

test("a plan of a caller who has gone is ended", async () => {
  const { open, signals } = conversations();
  const { answer, close } = open();
  await answer({ name: "mesh", tell: true });
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  close();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test("a caller who says nothing for long is in nobody's way, and told so", async () => {
  const { open, clock } = conversations();
  const idle = open();
  await idle.answer({ name: "mesh" });
  await clock.turnTo(clock.now() + 29_000);
  await idle.answer({ name: "mesh" });
  await clock.turnTo(clock.now() + 29_000);
  await expect(open().answer({ name: "mesh" })).rejects.toEqual(refusedWith(status.ABORTED));
  await clock.turnTo(clock.now() + 2000);
  expect(await open().answer({ name: "mesh" })).toEqual({ missing: [] });
  await expect(idle.answer({ tell: true })).rejects.toEqual(
    refusedWith(status.DEADLINE_EXCEEDED, "too long"),
  );
});
