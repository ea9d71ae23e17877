/** What the floor sends in one step of a measurement, and when. */
import { messageOf, type RecordedResponse, type Recording } from "../fleet/recording.js";

/** How a step is played. */
export interface PlayedStep {
  readonly name: string;
  /** By the clock, not by what the proxies send. */
  readonly isPaced: boolean;
}

/** A response that is ready to be sent. */
export interface PlannedMessage {
  readonly message: Buffer;
  /** The proxy has sent so many requests in this step. */
  readonly after: number;
  /** Milliseconds since the step began. */
  readonly at: number;
}

/** A response that is sent by the clock. */
export interface DueMessage extends PlannedMessage {
  readonly proxy: number;
}

/** The messages of a step: of a paced one by the clock, else by proxy. */
export interface PlannedStep {
  readonly byProxy: readonly (readonly PlannedMessage[])[];
  /** In the order of their times. */
  readonly byClock: readonly DueMessage[];
}

/** Nothing is sent. */
export const EMPTY_STEP: PlannedStep = { byProxy: [], byClock: [] };

/** The messages of a recorded step; none if there is no such step. */
export function planStep(recording: Recording, { name, isPaced }: PlayedStep): PlannedStep {
  const planned = (responses: readonly RecordedResponse[]): readonly PlannedMessage[] =>
    responses.map((one) => ({ ...one, message: messageOf(recording, one) }));
  const byProxy = (recording.steps.get(name) ?? []).map(planned);
  if (!isPaced) return { byProxy, byClock: [] };
  const byClock = byProxy
    .flatMap((messages, proxy) => messages.map((one) => ({ ...one, proxy })))
    .sort((a, b) => a.at - b.at);
  return { byProxy: [], byClock };
}
