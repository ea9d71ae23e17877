/** Finds out that the other side of a connection of HTTP/2 is gone without a word. */
import type { Http2Session } from "node:http2";

/** How often the other side is asked whether it is there, and how long it has to answer, in milliseconds. */
export interface KeepAlive {
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** What is done at each question, before it, and when there was no answer in time. */
export interface KeepAliveEvents {
  readonly onTurn?: () => void;
  readonly onSilent: () => void;
}

/** Asks until the connection is closed; not while it is being made. */
export function keepAlive(
  session: Http2Session,
  { everyMs, timeoutMs }: KeepAlive,
  { onTurn, onSilent }: KeepAliveEvents,
): void {
  let timeout: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (session.connecting || session.destroyed) return;
    onTurn?.();
    timeout = setTimeout(onSilent, timeoutMs);
    session.ping(() => {
      clearTimeout(timeout);
    });
  }, everyMs);
  session.once("close", () => {
    clearInterval(timer);
    clearTimeout(timeout);
  });
}
