import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readResponse } from "../../../bench/fleet/discovery-wire.js";
import { createKnownResources } from "../../../bench/fleet/known-resources.js";
import {
  createRecorder,
  loadRecording,
  messageOf,
  type Recording,
  saveRecording,
} from "../../../bench/fleet/recording.js";
import { planStep } from "../../../bench/floor/planned-step.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { encodeResponse } from "../../../src/xds/wire/encode-response.js";

const resource = (name: string) => ({
  name,
  version: `v-${name}`,
  bytes: Buffer.from(`<${name}>`),
});

/** A response as a client is given it: without the head of its frame. */
function message(nonce: string, names: readonly string[], removed: readonly string[] = []): Buffer {
  const resources = names.map(resource);
  const payload = { version: "set", resources, changed: resources, removed };
  const response = { typeUrl: TYPE_URL.endpoint, nonce, payload, isShared: false };
  const [, ...parts] = encodeResponse({ ...response, style: "delta" }).parts;
  return Buffer.concat(parts);
}

/** Records these messages, at 10 ms, 20 ms and so on, to the proxies in turn, each after one request more. */
function record(messages: readonly Buffer[], proxies: number): Recording {
  let time = 0;
  const recorder = createRecorder(proxies, () => time);
  const learn = createKnownResources();
  recorder.begin("step");
  for (const [index, one] of messages.entries()) {
    time += 10;
    const response = readResponse(one);
    const known = response.resources.map((place) => learn(response.typeUrl, one, place));
    recorder.sent(index % proxies);
    recorder.received(index % proxies, response, known);
  }
  return recorder.recording();
}

describe("a recording", () => {
  const messages = [
    message("n1", ["a", "b"]),
    message("n2", ["b", "a"], ["gone"]),
    message("n3", []),
  ];

  it("gives back the very bytes that the server sent", () => {
    const recording = record(messages, 1);
    const responses = recording.steps.get("step")?.[0] ?? [];
    expect(responses.map((one) => messageOf(recording, one))).toEqual(messages);
  });

  it("keeps a resource once, however many proxies were sent it", () => {
    const recording = record(
      [1, 2, 3, 4].map((nonce) => message(`n${nonce}`, ["a", "b"])),
      4,
    );
    expect(recording.pieces).toHaveLength(4 + 2);
  });

  it("is the same when it comes out of a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-recording-"));
    try {
      const path = join(folder, "recording");
      await saveRecording(path, record(messages, 2));
      const loaded = await loadRecording(path);
      const [first = []] = loaded.steps.get("step") ?? [];
      expect(first.map((one) => messageOf(loaded, one))).toEqual([messages[0], messages[2]]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is played by what proxies send, or by the clock", () => {
    const recording = record(messages, 2);
    const { byProxy } = planStep(recording, { name: "step", isPaced: false });
    expect(byProxy.map((all) => all.map(({ after }) => after))).toEqual([[1, 2], [1]]);
    const { byClock } = planStep(recording, { name: "step", isPaced: true });
    expect(byClock.map(({ proxy, at }) => [proxy, at])).toEqual([
      [0, 10],
      [1, 20],
      [0, 30],
    ]);
    expect(planStep(recording, { name: "none", isPaced: false }).byProxy).toEqual([]);
  });
});
