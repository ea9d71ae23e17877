/** When another control plane is asked, and asked again. */
import { expect, test } from "vitest";
import { type PeerCallListener, PeerFollower } from "../../../../src/app/peers/peer-follower.js";
import { CallRefused } from "../../../../src/grpc/call-refused.js";
import { status } from "../../../../src/grpc/status-code.js";
import { fakeClock } from "../../base/fake-clock.js";

function open({ take = true } = {}) {
  const clock = fakeClock();
  const calls: { readonly listener: PeerCallListener; isEnded: boolean }[] = [];
  const events: string[] = [];
  const follower = new PeerFollower({
    clock,
    random: () => 0,
    ownStart: "own",
    call: (listener) => {
      const call = { listener, isEnded: false };
      calls.push(call);
      return () => {
        call.isEnded = true;
      };
    },
    registrations: {
      begin: (start) => events.push(`begin ${start}`),
      take: () => take,
      lose: () => events.push("lose"),
    },
    onStatus: ({ isFollowing, problem }) => events.push(problem ?? String(isFollowing)),
    onUnread: (count) => events.push(`${count} unread`),
  });
  return { clock, calls, events, follower };
}

const answer = (start = "other") => ({ controlPlane: { start, name: "b" }, complete: true });
const GONE = new CallRefused(status.UNAVAILABLE, "gone");

test("another control plane is followed when it has told all, and asked again when that ends", async () => {
  const { clock, calls, events, follower } = open();
  calls[0]?.listener.onMessage(answer());
  await follower.settled;
  calls[0]?.listener.onEnd(GONE);
  expect(events).toEqual(["begin other", "true", "lose", "gone"]);
  await clock.turnTo(clock.now() + 200);
  expect(calls).toHaveLength(2);
  calls[1]?.listener.onMessage(answer("again"));
  expect(follower.status).toMatchObject({
    isFollowing: true,
    controlPlane: { start: "again", name: "b" },
  });
});

test("one that answers nothing is given up on, and tried again", async () => {
  const { clock, calls, events, follower } = open();
  await clock.turnTo(clock.now() + 15_000);
  await follower.settled;
  expect([events, calls[0]?.isEnded]).toEqual([["lose", "no answer within 15 s"], true]);
  await clock.turnTo(clock.now() + 200);
  expect(calls).toHaveLength(2);
});

test("what comes of a call that was given up on is not taken", async () => {
  const { clock, calls, events } = open();
  await clock.turnTo(clock.now() + 15_000);
  calls[0]?.listener.onMessage(answer());
  calls[0]?.listener.onEnd(GONE);
  expect(events).toEqual(["lose", "no answer within 15 s"]);
});

test("a control plane does not follow itself", () => {
  const { calls, events } = open();
  calls[0]?.listener.onMessage(answer("own"));
  expect([events, calls[0]?.isEnded]).toEqual([["lose", "it is this control plane itself"], true]);
});

test("one that tells more than there can be is not followed", () => {
  const { calls, events } = open({ take: false });
  calls[0]?.listener.onMessage(answer());
  expect(events.at(-1)).toBe("it tells of more workloads than a control plane can have");
  expect(calls[0]?.isEnded).toBe(true);
});

test("registrations that are none are left out and counted, and the others are taken", () => {
  const { calls, events } = open();
  const registrations = [{ proxy: "{}" }, { proxy: "no JSON", presence: "CONNECTED" as const }];
  calls[0]?.listener.onMessage({ ...answer(), registrations });
  expect(events).toEqual(["begin other", "2 unread", "true"]);
});

test("it is tried less and less often, at most every five seconds and as much again by chance", async () => {
  const { clock, calls } = open();
  const waits: number[] = [];
  for (let failure = 1; failure <= 8; failure++) {
    calls.at(-1)?.listener.onEnd(GONE);
    const [due = 0] = clock.due();
    waits.push(due - clock.now());
    await clock.turnTo(due);
  }
  expect(waits).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

test("after its end nobody is asked any more", async () => {
  const { clock, calls, follower } = open();
  calls[0]?.listener.onEnd(GONE);
  follower.close();
  await clock.turnTo(clock.now() + 60_000);
  expect([calls.length, clock.due()]).toEqual([1, []]);
});
