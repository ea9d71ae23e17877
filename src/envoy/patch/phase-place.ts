/** Where in a chain of filters the extensions of a phase are inserted. See Istio, WasmPlugin.phase. */
import type { Phase } from "../../mesh/extension/extensions.js";
import { JWT_FILTER } from "../authorization/jwt-claims.js";
import { RBAC_HTTP_FILTER, RBAC_NETWORK_FILTER } from "../authorization/rbac.js";

/** The names of the filters of policies, which come before all other filters of a chain but extensions. */
interface PolicyFilters {
  /** Asks an external authorizer. */
  readonly asks: string;
  /** Reads tokens; connections have none. */
  readonly tokens?: string;
  /** Decides by the rules of AuthorizationPolicies. */
  readonly rules: string;
}

const HTTP: PolicyFilters = {
  asks: "envoy.filters.http.ext_authz",
  tokens: JWT_FILTER,
  rules: RBAC_HTTP_FILTER,
};

const NETWORK: PolicyFilters = {
  asks: "envoy.filters.network.ext_authz",
  rules: RBAC_NETWORK_FILTER,
};

/** What the names of all extensions begin with. */
const EXTENSION = "extensions.istio.io/";

/** The filter that asks for missing routes, which comes before those of policies. */
const ON_DEMAND = "envoy.filters.http.on_demand";

interface Named {
  readonly name?: string;
}

/**
 * The index at which an extension is inserted: of phase AUTHN before tokens are read, of AUTHZ before rules decide, of others
 * behind the filters of policies; always behind the extensions of this phase and of earlier ones that the chain already has.
 */
function placeIn(filters: readonly Named[], phase: Phase, policies: PolicyFilters): number {
  const names = filters.map(({ name = "" }) => name);
  const { asks, tokens: reads, rules: decides } = policies;
  const known = [ON_DEMAND, asks, reads, decides];
  const first = names.findIndex((name) => !known.includes(name) && !name.startsWith(EXTENSION));
  const end = first < 0 ? names.length : first;
  const asked = Math.max(names.lastIndexOf(asks, end), names.lastIndexOf(ON_DEMAND));
  const tokens = reads === undefined ? -1 : names.indexOf(reads);
  const rules = names.findIndex(
    (name, i) => name === decides && i > Math.max(asked, tokens) && i < end,
  );
  const judged = rules < 0 ? end : rules;
  switch (phase) {
    case "AUTHN":
      return tokens < 0 ? judged : tokens;
    case "AUTHZ":
      return judged;
    default:
      return end;
  }
}

/** That index among the HTTP filters of a connection manager. */
export const httpPlace = (filters: readonly Named[], phase: Phase): number =>
  placeIn(filters, phase, HTTP);

/** That index among the network filters of a chain. */
export const networkPlace = (filters: readonly Named[], phase: Phase): number =>
  placeIn(filters, phase, NETWORK);
