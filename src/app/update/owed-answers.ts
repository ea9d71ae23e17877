/**
 * Which streams owe an answer, an ACK or a NACK. Of each type only the latest response counts, since the answer to it is one to those
 * before it.
 */
import type { Acked, StreamName } from "../../xds/observer.js";

/** A response, or the answer to it. */
export type Exchange = StreamName & Pick<Acked, "typeUrl" | "nonce" | "isRetry">;

/** See the top of this file. */
export interface OwedAnswers {
  readonly sent: (response: Exchange) => void;
  readonly answered: (answer: Exchange) => void;
  /** The stream has ended. */
  readonly forget: (stream: string) => void;
  /** How many streams owe an answer: asked for again and again, of thousands of streams. */
  readonly count: () => number;
  /** The sessions that owe an answer. */
  readonly sessions: () => ReadonlySet<string>;
}

/** One stream. Changed in place. */
interface SentTo {
  readonly session: string;
  /** By type, the nonce of the latest response, or that it was answered. */
  readonly nonces: Map<string, string>;
  /** How many types are not answered. */
  owed: number;
}

/** In place of a nonce, which is never empty. */
const ANSWERED = "";

/** Nothing was sent yet. */
export function createOwedAnswers(): OwedAnswers {
  const streams = new Map<string, SentTo>();
  let owing = 0;
  return {
    sent: ({ stream, session, typeUrl, nonce }) => {
      const known = streams.get(stream) ?? { session, nonces: new Map<string, string>(), owed: 0 };
      if ((known.nonces.get(typeUrl) ?? ANSWERED) === ANSWERED) {
        if (known.owed === 0) owing += 1;
        known.owed += 1;
      }
      known.nonces.set(typeUrl, nonce);
      streams.set(stream, known);
    },
    answered: ({ stream, typeUrl, nonce }) => {
      const known = streams.get(stream);
      if (known?.nonces.get(typeUrl) !== nonce) return;
      // Not taken out: a map that entries come to and go from is made anew again and again.
      known.nonces.set(typeUrl, ANSWERED);
      known.owed -= 1;
      if (known.owed === 0) owing -= 1;
    },
    forget: (stream) => {
      if ((streams.get(stream)?.owed ?? 0) > 0) owing -= 1;
      streams.delete(stream);
    },
    count: () => owing,
    sessions: () =>
      new Set([...streams.values()].filter(({ owed }) => owed > 0).map(({ session }) => session)),
  };
}
