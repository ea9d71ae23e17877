import type { FloorFunctions } from "../floor/floor-process.js";
import { now } from "../now.js";
import { startRemote } from "../remote.js";
import type { Subject } from "./subject.js";

/** The floor, playing a recording, as a child process. */
export async function startFloor(
  recording: string,
): Promise<Subject & { readonly stop: () => Promise<void> }> {
  const remote = startRemote<FloorFunctions>(new URL("../floor/floor-process.ts", import.meta.url));
  const port = await remote.call("start", recording);
  return {
    pid: remote.pid,
    address: `127.0.0.1:${port}`,
    prepare: (step) => remote.call("prepare", { name: step.name, isPaced: step.everyMs > 0 }),
    perform: async () => {
      const begun = now();
      await remote.call("begin");
      return begun;
    },
    undo: () => Promise.resolve(),
    stop: () => remote.stop(),
  };
}
