/** Where in a chain of filters the extensions of a phase are. See Istio, WasmPlugin.phase. */
import type { Phase } from "../../mesh/extension/extensions.js";
import { JWT_FILTER } from "../authorization/jwt-claims.js";
import { RBAC_HTTP_FILTER, RBAC_NETWORK_FILTER } from "../authorization/rbac.js";

/** The filters of policies, which come before all others; a chain may have been given extensions already. */
interface PolicyFilters {
  /** Who decides outside of the proxy, who reads tokens where there are any, and who decides by rules. */
  readonly asks: string;
  readonly tokens?: string;
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

/** All extensions' names begin so. */
const EXTENSION = "extensions.istio.io/";

/** What comes before policies are asked. */
const ON_DEMAND = "envoy.filters.http.on_demand";

interface Named {
  readonly name?: string;
}

/**
 * The index at which an extension of a phase is put in, behind those of this phase and of earlier ones that are there already:
 * before tokens are read, before rules decide, or behind that.
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

/** The place among the filters of a connection manager. */
export const httpPlace = (filters: readonly Named[], phase: Phase): number =>
  placeIn(filters, phase, HTTP);

/** The place among the filters of connections. */
export const networkPlace = (filters: readonly Named[], phase: Phase): number =>
  placeIn(filters, phase, NETWORK);
