/** Remembers what a client refused, so that it is not sent the same again. */
import type { EncodedResource } from "../../resource.js";

/** A resource that the client refused when it came alone, so that it is the one to blame. */
export interface Rejection {
  readonly version: string;
  /** The client's words, cut short. */
  readonly error: string;
  /** Milliseconds of the clock. */
  readonly at: number;
  /** The files of the client's machine that it names: whether it is taken depends on them. Absent when there are none. */
  readonly files?: readonly string[];
  /** After so long it is sent again, in milliseconds; never when absent. */
  readonly retryMs?: number;
  /** It is being sent again now. */
  readonly isRetried?: boolean;
  /** EncodedResource.isRespelled of what was refused last. */
  readonly isRespelled?: boolean;
}

/**
 * What a client refused, by name, the latest last. Several versions are kept for a name: with one alone, a file that is switched
 * between bad contents would have each of them sent again at every switch.
 */
export type Rejections = ReadonlyMap<string, readonly Rejection[]>;

/** Nothing was refused. */
export const NO_REJECTIONS: Rejections = new Map();

/** How many versions are remembered for one name: the latest. */
const MAX_OF_NAME = 8;

/** How many versions are remembered for one client; beyond that the names refused first are forgotten. */
const MAX_REJECTIONS = 1000;

/** Why a client refused this very content, if it did. */
export function rejectionOf(
  rejections: Rejections,
  { name, version }: Pick<EncodedResource, "name" | "version">,
): Rejection | undefined {
  return rejections.get(name)?.find((one) => one.version === version);
}

/** What a client refused without the contents that it has taken after all; the same object when there are none. */
export function withoutTaken(
  before: Rejections,
  taken: readonly (readonly Pick<EncodedResource, "name" | "version">[])[],
): Rejections {
  if (before.size === 0) return before;
  const known = taken.flat().filter((one) => rejectionOf(before, one) !== undefined);
  if (known.length === 0) return before;
  const rejections = new Map(before);
  for (const { name, version } of known) {
    const others = (rejections.get(name) ?? []).filter((one) => one.version !== version);
    if (others.length === 0) rejections.delete(name);
    else rejections.set(name, others);
  }
  return rejections;
}

/** What a client refused with one more content. */
export function withRejection(before: Rejections, name: string, rejection: Rejection): Rejections {
  const others = (before.get(name) ?? []).filter(({ version }) => version !== rejection.version);
  const rejections = new Map(before);
  rejections.delete(name);
  rejections.set(name, [...others.slice(1 - MAX_OF_NAME), rejection]);
  let count = [...rejections.values()].reduce((sum, { length }) => sum + length, 0);
  for (const [oldest, { length }] of rejections) {
    if (count <= MAX_REJECTIONS) break;
    rejections.delete(oldest);
    count -= length;
  }
  return rejections;
}
