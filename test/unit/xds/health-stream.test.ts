/** What one stream of the health discovery service costs, and whom its faults reach. */
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { Node } from "../../../gen/types/envoy/config/core/v3/base_pb.js";
import { frameHead } from "../../../src/grpc/framing.js";
import type { ServerCall } from "../../../src/grpc/server-call.js";
import type { Status } from "../../../src/grpc/status.js";
import type { OpenHealthRequest } from "../../../src/xds/health/health-session.js";
import { HealthStream } from "../../../src/xds/health/health-stream.js";
import { DEFAULT_LIMITS } from "../../../src/xds/limits.js";
import { fakeClock } from "../base/fake-clock.js";

/** A stream that is let in, of a client that reads when the test says so. */
async function open(checks: () => Buffer) {
  const written: string[] = [];
  const unread: (() => void)[] = [];
  const ends: Status[] = [];
  const errors: unknown[] = [];
  const requests: OpenHealthRequest[] = [];
  const call = {
    pause: () => undefined,
    resume: () => undefined,
    end: (end) => ends.push(end),
    write: ({ parts }, onWritten) => {
      // Behind the head of the frame.
      written.push(Buffer.concat(parts).subarray(frameHead(0).length).toString());
      unread.push(() => onWritten?.());
      return true;
    },
  } as Partial<ServerCall> as ServerCall;
  const stream = new HealthStream(call, {
    clock: fakeClock(),
    limits: DEFAULT_LIMITS,
    decode: () => ({ kind: "request", node: { id: "a" } as Node }),
    onError: (error) => errors.push(error),
    closed: () => undefined,
    sessions: {
      open: (request) => {
        requests.push(request);
        return Promise.resolve({ checks, reported: () => undefined, closed: () => undefined });
      },
    },
  });
  stream.onMessage(Buffer.of(1));
  await expect.poll(() => written).toHaveLength(1);
  const change = () => {
    for (const { onChange } of requests) onChange();
  };
  return { written, ends, errors, change, read: () => unread.shift()?.() };
}

test("a client that does not read is told nothing more, and then what it is to check by then", async () => {
  let checks = "first";
  const { written, change, read } = await open(() => Buffer.from(checks));
  for (checks of ["second", "third"]) change();
  expect(written).toEqual(["first"]);
  read();
  expect(written).toEqual(["first", "third"]);
  read();
  expect(written).toEqual(["first", "third"]);
});

test("what cannot be told ends that stream, and is no fault of who says that there is something", async () => {
  const fault = new Error("no such field");
  let isBroken = false;
  const { ends, errors, change, read } = await open(() => {
    if (isBroken) throw fault;
    return Buffer.from("checks");
  });
  read();
  isBroken = true;
  change();
  expect(ends).toEqual([{ code: status.INTERNAL, details: "internal error" }]);
  expect(errors).toEqual([fault]);
});
