/** How the routes of a rule keep clients with the endpoints that answered them. See Gateway API, SessionPersistence. */
import type { SessionPersistence } from "../../config/kinds/gateway-api/session-persistence.js";
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { ResourceRef } from "../../config/resource.js";

/** By what a client says which endpoint answered it. */
export type SessionState =
  | {
      readonly type: "cookie";
      readonly name: string;
      readonly path: string;
      /** The cookie ends with the browser when absent. */
      readonly ttl?: string;
    }
  | { readonly type: "header"; readonly name: string };

/** A rule, as far as its sessions depend on it. */
export interface SessionRule {
  readonly ref: ResourceRef;
  readonly index: number;
  readonly matches: readonly HTTPMatchRequest[];
}

/** What a rule asks for. */
export function sessionState(
  { type = "Cookie", sessionName, absoluteTimeout, cookieConfig = {} }: SessionPersistence,
  { ref, index, matches }: SessionRule,
): SessionState {
  // Of a name of its own, so that sessions of several rules are not taken for each other's.
  const own = `session-${ref.namespace}-${ref.name}-${String(index)}`.replaceAll(".", "-");
  const name = sessionName ?? own;
  if (type === "Header") return { type: "header", name };
  const isPermanent = cookieConfig.lifetimeType === "Permanent" && absoluteTimeout !== undefined;
  return {
    type: "cookie",
    name,
    path: pathOf(matches),
    ...(isPermanent ? { ttl: absoluteTimeout } : {}),
  };
}

/** The requests that a browser sends the cookie with: those that the one match takes, else those of any path. */
function pathOf(matches: readonly HTTPMatchRequest[]): string {
  const [only, ...others] = matches;
  return others.length > 0 ? "/" : (only?.uri?.exact ?? only?.uri?.prefix ?? "/");
}
