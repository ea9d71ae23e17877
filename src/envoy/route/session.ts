/**
 * Routes that keep a client with the endpoint that answered it first, for as long as that is there. See Gateway API,
 * SessionPersistence.
 */
import type { SessionState } from "../../mesh/gateway-api/session.js";
import { any } from "../any.js";
import type { HttpFilterJson, RouteJson } from "../api.js";
import { goDuration } from "../duration.js";

/** The filter that does for a request what its route says of sessions. */
export const SESSION_FILTER = "envoy.filters.http.stateful_session";
const MESSAGES = "envoy.extensions.filters.http.stateful_session.v3";

/** As a connection manager has it: on routes that say nothing of sessions it does nothing. */
export function sessionFilter(): HttpFilterJson {
  return { name: SESSION_FILTER, typedConfig: any(`${MESSAGES}.StatefulSession`, {}) };
}

/** What a route says of sessions, in its `typedPerFilterConfig`. */
export function sessionOf(state: SessionState): NonNullable<RouteJson["typedPerFilterConfig"]> {
  return {
    [SESSION_FILTER]: any(`${MESSAGES}.StatefulSessionPerRoute`, {
      statefulSession: { sessionState: stateOf(state) },
    }),
  };
}

function stateOf(state: SessionState): object {
  if (state.type === "header") {
    return extension("header", "HeaderBasedSessionState", { name: state.name });
  }
  const { name, path } = state;
  const ttl = goDuration(state.ttl);
  const cookie = { name, path, ...(ttl === undefined ? {} : { ttl }) };
  return extension("cookie", "CookieBasedSessionState", { cookie });
}

const extension = (kind: SessionState["type"], message: string, config: object): object => ({
  name: `envoy.http.stateful_session.${kind}`,
  typedConfig: any(`envoy.extensions.http.stateful_session.${kind}.v3.${message}`, config),
});
