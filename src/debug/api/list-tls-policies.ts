/** Whether a caller speaks mutual TLS with each host that it sees, and what decides that. */
import type { TlsPolicyJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { rememberedLocate } from "../../config/remembered-locate.js";
import { type TlsQuery, tlsDecisions } from "../../mesh/security/tls-decisions.js";
import type { Observed } from "../observed.js";
import { describeTls } from "./describe-tls.js";

/** The policies for the hosts that a query is about, of the configuration that is in force. */
export function listTlsPolicies(observed: Observed, query: TlsQuery): TlsPolicyJson[] {
  const { tables, locate } = observed.snapshot();
  const mesh = observed.mesh();
  const context = { locate: rememberedLocate(locate), trustDomain: mesh.config.trustDomain };
  const decisions = tlsDecisions(mesh, tables.DestinationRule, query);
  return decisions.map((decision) => describeTls(decision, context));
}
