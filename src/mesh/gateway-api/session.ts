/** How the routes of a rule keep clients with the endpoints that answered them. See Gateway API, SessionPersistence. */
import type { SessionPersistence } from "../../config/kinds/gateway-api/session-persistence.js";
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { ConfigResource, ResourceRef } from "../../config/resource.js";

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

/** Names the sessions of the routes of a VirtualService, a line each, in their order. */
const SESSIONS = "fairlead/sessions";

/** The annotation that tells of the sessions of routes; none where there are none. */
export function sessionsAnnotation(
  sessions: readonly (SessionState | undefined)[],
): Readonly<Record<string, string>> {
  if (sessions.every((one) => one === undefined)) return {};
  return { [SESSIONS]: sessions.map((one) => (one === undefined ? "" : lineOf(one))).join("\n") };
}

function lineOf(state: SessionState): string {
  if (state.type === "header") return `header ${state.name}`;
  return ["cookie", state.name, state.path, state.ttl ?? ""].join(" ").trimEnd();
}

/** The sessions of the routes of a VirtualService, in their order. */
export function sessionsOf({
  metadata: { annotations },
}: Pick<ConfigResource, "metadata">): readonly (SessionState | undefined)[] {
  return annotations[SESSIONS]?.split("\n").map(stateOf) ?? [];
}

function stateOf(line: string): SessionState | undefined {
  const [type, name = "", path = "/", ttl] = line.split(" ");
  if (type === "header") return { type, name };
  if (type !== "cookie") return undefined;
  return { type, name, path, ...(ttl === undefined ? {} : { ttl }) };
}
