/**
 * What Istio's documentation says becomes of a request or a connection at a workload. It is written from the documentation
 * alone and knows nothing of how fairlead does it: what is in force is compared with it.
 */
import type { Arrival } from "./arrival.js";
import { authorize } from "./authorization.js";
import type { AuthorizationPolicy, MeshSettings, SecurityPolicy } from "./objects.js";
import { modeOf, taken } from "./peer-authentication.js";
import { authenticate } from "./request-authentication.js";
import { isFor, type Workload } from "./scope.js";

/** Who refuses it, if nobody passes it on; or whether another is asked before. */
export type Verdict =
  | "passes"
  | "passes if the provider says so"
  | "refused by peer authentication"
  | "refused by request authentication"
  | "refused by authorization";

/** A workload, and what is in force around it. */
export interface Situation {
  readonly policies: readonly SecurityPolicy[];
  readonly mesh: MeshSettings;
  readonly workload: Workload;
  /** A gateway is called from outside: it believes nobody about the address of a client. */
  readonly isGateway: boolean;
  /** In seconds since 1970. */
  readonly now: number;
}

/** The verdict on what comes to a workload. */
export function decide(situation: Situation, arriving: Arrival): Verdict {
  const { policies, mesh, workload, isGateway, now } = situation;
  const peers = policies.filter((policy) => policy.kind === "PeerAuthentication");
  const mode = modeOf(peers, workload, arriving.destination.port, mesh);
  const arrival = isGateway ? arriving : taken(mode, arriving);
  if (arrival === undefined) return "refused by peer authentication";
  const rules = policies
    .filter((policy) => policy.kind === "RequestAuthentication")
    .filter((policy) => isFor(workload, policy, mesh))
    .flatMap(({ spec }) => spec.jwtRules ?? []);
  const token = arrival.request === undefined ? {} : authenticate(rules, arrival.request, now);
  if (token === "invalid") return "refused by request authentication";
  const client = clientOf(arrival, isGateway);
  const inForce = policiesFor(workload, policies, mesh);
  const { isAllowed, asks } = authorize(inForce, { arrival, ...token, client, mesh });
  if (!isAllowed) return "refused by authorization";
  return asks ? "passes if the provider says so" : "passes";
}

/** The AuthorizationPolicies that are for a workload, without those that are only tried out. */
export function policiesFor(
  workload: Workload,
  policies: readonly SecurityPolicy[],
  mesh: MeshSettings,
): readonly AuthorizationPolicy[] {
  return policies
    .filter((policy) => policy.kind === "AuthorizationPolicy")
    .filter((policy) => isFor(workload, policy, mesh))
    .filter(({ metadata }) => metadata.annotations?.["istio.io/dry-run"] !== "true");
}

/** Behind a gateway the last address of X-Forwarded-For is that which the gateway wrote. */
function clientOf({ source, request }: Arrival, isGateway: boolean): string {
  const told = isGateway ? undefined : request?.headers["x-forwarded-for"];
  return told?.split(",").at(-1)?.trim() ?? source;
}
