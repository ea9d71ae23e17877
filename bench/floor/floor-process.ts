/** The floor in a process of its own, whose CPU time is what the bytes cost at least. */
import { loadRecording } from "../fleet/recording.js";
import { serveParent } from "../remote.js";
import type { PlayedStep } from "./planned-step.js";
import { type Playback, startPlayback } from "./playback.js";

/** What the process can be asked. */
export interface FloorFunctions {
  /** Serves a recording; the result is the port. Comes before everything else. */
  readonly start: (recording: string) => Promise<number>;
  readonly prepare: (step: PlayedStep) => void;
  readonly begin: () => void;
}

let playback: Playback | undefined;

serveParent<FloorFunctions>({
  start: async (path) => {
    playback = await startPlayback(await loadRecording(path));
    return playback.port;
  },
  prepare: (step) => {
    playback?.prepare(step);
  },
  begin: () => {
    playback?.begin();
  },
});
