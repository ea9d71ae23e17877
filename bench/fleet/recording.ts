/**
 * What a server sent to each proxy, so that another can send the same bytes without knowing what they are for. Proxies are
 * sent nearly the same, so messages are kept as lists of pieces, each piece once.
 */
import { readFile, writeFile } from "node:fs/promises";
import { deserialize, serialize } from "node:v8";
import { fieldHead, textField } from "../../src/base/protobuf/message-field.js";
import type { DeltaResponse } from "./discovery-wire.js";
import type { KnownResource } from "./known-resources.js";

/** One response to one proxy. */
export interface RecordedResponse {
  /** Indexes of its pieces. */
  readonly pieces: readonly number[];
  /** The proxy had sent so many requests since the step began. */
  readonly after: number;
  /** Milliseconds since the step began. */
  readonly at: number;
}

/** The responses of one step, by proxy. */
export type RecordedStep = readonly (readonly RecordedResponse[])[];

/** See the top of this file. */
export interface Recording {
  readonly pieces: readonly Uint8Array[];
  /** By name. */
  readonly steps: ReadonlyMap<string, RecordedStep>;
}

/** Records one step after the other. */
export interface Recorder {
  /** What follows belongs to a step of this name. */
  readonly begin: (step: string) => void;
  readonly sent: (proxy: number) => void;
  readonly received: (
    proxy: number,
    response: DeltaResponse,
    resources: readonly KnownResource[],
  ) => void;
  readonly recording: () => Recording;
}

/** The fields of a DeltaDiscoveryResponse but for the resources, in the order in which the server writes them. */
function headOf({ systemVersion, typeUrl, nonce, removed }: DeltaResponse): Buffer {
  return Buffer.concat([
    textField(1, systemVersion),
    textField(4, typeUrl),
    textField(5, nonce),
    ...removed.map((name) => textField(6, name)),
  ]);
}

/** A recorder of so many proxies; `now` is in milliseconds. */
export function createRecorder(proxies: number, now: () => number): Recorder {
  const pieces: Uint8Array[] = [];
  const known = new Map<KnownResource, number>();
  const steps = new Map<string, RecordedResponse[][]>();
  let step: RecordedResponse[][] | undefined;
  let requests: number[] = [];
  let begunAt = 0;

  const add = (piece: Uint8Array): number => pieces.push(piece) - 1;
  const pieceOf = (resource: KnownResource): number => {
    const index = known.get(resource);
    if (index !== undefined) return index;
    const { field } = resource;
    const added = add(Buffer.concat([fieldHead(2, field.length), field]));
    known.set(resource, added);
    return added;
  };

  return {
    begin(name) {
      step = Array.from({ length: proxies }, () => []);
      steps.set(name, step);
      requests = Array.from({ length: proxies }, () => 0);
      begunAt = now();
    },
    sent(proxy) {
      requests[proxy] = (requests[proxy] ?? 0) + 1;
    },
    received(proxy, response, resources) {
      step?.[proxy]?.push({
        pieces: [add(headOf(response)), ...resources.map(pieceOf)],
        after: requests[proxy] ?? 0,
        at: now() - begunAt,
      });
    },
    recording: () => ({ pieces, steps }),
  };
}

/** The messages of a recorded response, as they were sent. */
export function messageOf({ pieces }: Recording, response: RecordedResponse): Buffer {
  return Buffer.concat(response.pieces.flatMap((index) => pieces[index] ?? []));
}

/** Writes a recording to a file. */
export async function saveRecording(path: string, recording: Recording): Promise<void> {
  await writeFile(path, serialize(recording));
}

/** Reads what saveRecording wrote. */
export async function loadRecording(path: string): Promise<Recording> {
  return deserialize(await readFile(path)) as Recording;
}
