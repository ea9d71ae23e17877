import { expect, test, vi } from "vitest";
import { rememberedLocate } from "../../../src/config/remembered-locate.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";

const ref = (name: string) => ({ kind: "Service" as const, namespace: "default", name });

test("looks for each place once, also for one that is nowhere", () => {
  const position = { file: "mesh.yaml", line: 3, column: 1 };
  const find = vi.fn<ConfigSnapshot["locate"]>(({ name }) =>
    name === "gone" ? undefined : position,
  );
  const locate = rememberedLocate(find);
  const places = [ref("a"), ref("a"), ref("gone"), ref("gone")].map((one) => locate(one));
  expect(places).toEqual([position, position, undefined, undefined]);
  expect(find).toHaveBeenCalledTimes(2);
  locate(ref("a"), ["spec", 0]);
  expect(find).toHaveBeenLastCalledWith(ref("a"), ["spec", 0]);
});
