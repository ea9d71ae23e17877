/** An independent reading of Istio's documentation: what becomes of a request, or of a connection, in a world. */
import { connectionAtGateway } from "./gateway-connections.js";
import { atGateway } from "./gateway-http.js";
import type { Connection, HttpRequest, World } from "./objects.js";
import { type ConnectionVerdict, connectionFromSidecar } from "./sidecar-connections.js";
import { fromSidecar } from "./sidecar-http.js";
import { CALLERS, type CallerName } from "./still-world.js";
import type { Verdict } from "./verdict.js";

/** How applications call their sidecars: their connections are redirected there, or they use it as an HTTP proxy. */
export type Interception = "REDIRECT" | "NONE";

/** What becomes of a request of an application, or of somebody outside at the gateway. */
export function model(
  world: World,
  from: CallerName,
  request: HttpRequest,
  interception: Interception = "REDIRECT",
): Verdict {
  const caller = CALLERS[from];
  return from === "gateway"
    ? atGateway(world, caller, request)
    : fromSidecar(world, { ...caller, readsAllPorts: interception === "NONE" }, request);
}

/** What becomes of a connection of an application that is redirected to its sidecar, or of somebody outside at the gateway. */
export function connectionModel(
  world: World,
  from: CallerName,
  connection: Connection,
): ConnectionVerdict {
  const caller = CALLERS[from];
  return from === "gateway"
    ? connectionAtGateway(world, caller, connection)
    : connectionFromSidecar(world, caller, connection);
}
