/** The conversation in which a caller is told what a directory would change; see Plan in debug.proto. */

import type {
  PlanRequestJson,
  PlanResponseJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Clock } from "../../base/clock.js";
import type { ReplacingFile } from "../../config/store/replacement.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import type { Conversation } from "../calls.js";
import { createPlannedFiles, type PlannedFiles } from "./planned-files.js";

/** A directory that somebody has elsewhere. */
export interface PlannedDirectory {
  /** Its last part: it is taken to be in the place of a directory of that name. */
  readonly name: string;
  /** As it is to be shown. */
  readonly path: string;
}

/** A plan that is begun. */
export interface PlanDraft {
  /** The text that the control plane has of a file, by its path below the directory. */
  readonly textOf: (path: string) => string | undefined;
  /**
   * The plan, as JSON in pieces of any size; made when all files are known.
   * @throws the reason of the signal
   */
  readonly make: (
    files: readonly ReplacingFile[],
    signal: AbortSignal,
  ) => Promise<Iterable<string>>;
}

/** Begins a plan. */
export type BeginPlan = (directory: PlannedDirectory) => Promise<PlanDraft>;

/** What conversations need. */
export interface PlanConversationOptions {
  readonly begin: BeginPlan;
  readonly clock: Clock;
}

/** A plan that is made holds what it is made of, so a caller who says nothing for so long is given up on; in milliseconds. */
const IDLE_MS = 30_000;

/** About so many characters are told at a time. */
const PIECE_LENGTH = 256 * 1024;

/** Opens conversations of which one has its turn at a time; the others are told to come again. */
export function createPlanConversations(
  options: PlanConversationOptions,
): () => Conversation<PlanRequestJson, PlanResponseJson> {
  let current: AbortController | undefined;
  return () => {
    const own = new AbortController();
    const leave = (): void => {
      if (current === own) current = undefined;
    };
    const end = (reason: CallRefused): void => {
      own.abort(reason);
      leave();
    };
    let stopIdle = (): void => undefined;
    const answer = createAnswer(options, own.signal);
    return {
      answer: async (request) => {
        own.signal.throwIfAborted();
        if (current !== undefined && current !== own) throw TAKEN;
        current = own;
        stopIdle();
        const response = await answer(request);
        if (response.isLast === true) leave();
        const { clock } = options;
        stopIdle = clock.after(IDLE_MS, () => {
          end(IDLE);
        });
        return response;
      },
      close: () => {
        stopIdle();
        end(GONE);
      },
    };
  };
}

const TAKEN = new CallRefused(
  status.ABORTED,
  "another plan is being made: ask again when that is done",
);
const IDLE = new CallRefused(status.DEADLINE_EXCEEDED, "the caller said nothing for too long");
const GONE = new CallRefused(status.CANCELLED, "the caller is gone");

function createAnswer(
  { begin }: PlanConversationOptions,
  signal: AbortSignal,
): (request: PlanRequestJson) => Promise<PlanResponseJson> {
  let draft: PlanDraft | undefined;
  let files: PlannedFiles | undefined;
  let pieces: Iterator<string> | undefined;
  return async ({ name = "", directory = "", files: some = [], tell = false }) => {
    draft ??= await begin({ name, path: directory });
    files ??= createPlannedFiles(draft.textOf);
    if (!tell) return { missing: [...files.add(some)] };
    pieces ??= (await draft.make(files.list(), signal))[Symbol.iterator]();
    return nextPiece(pieces);
  };
}

function nextPiece(pieces: Iterator<string>): PlanResponseJson {
  let piece = "";
  while (piece.length < PIECE_LENGTH) {
    const next = pieces.next();
    if (next.done === true) return { piece, isLast: true };
    piece += next.value;
  }
  return { piece };
}
