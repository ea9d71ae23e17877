/** How many connections ports may have, so that files can be read and written however many clients come. */
import { readFileSync } from "node:fs";
import { SERVER_LIMITS } from "../../xds/limits.js";

/** Connections at the same time, of each port. */
export interface ConnectionLimits {
  readonly tls: number;
  readonly plaintext: number;
  readonly http: number;
}

/** So many descriptors are kept for files and all else that is no connection, or half of all if they are few. */
const KEPT = 200;

const SHARES = { tls: 0.6, plaintext: 0.3, http: 0.1 } as const;

/** Who asks for metrics and health are few. */
const MAX_HTTP_CONNECTIONS = 500;

/** How many descriptors this process may have open; Infinity when the system does not tell. */
export function maxOpenFiles(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const [, count] = /^Max open files +(\d+)/m.exec(limits) ?? [];
    return count === undefined ? Infinity : Number(count);
  } catch {
    return Infinity;
  }
}

/** What ports may have of so many descriptors. */
export function connectionLimits(openFiles: number): ConnectionLimits {
  const left = openFiles - Math.min(KEPT, openFiles / 2);
  const share = (part: number, most: number): number => Math.min(most, Math.floor(left * part));
  return {
    tls: share(SHARES.tls, SERVER_LIMITS.maxConnections),
    plaintext: share(SHARES.plaintext, SERVER_LIMITS.maxConnections),
    http: share(SHARES.http, MAX_HTTP_CONNECTIONS),
  };
}
