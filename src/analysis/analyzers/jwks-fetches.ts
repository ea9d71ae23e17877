import type { Analyzer } from "../analyzer.js";
import { fullName } from "../resources.js";

const VARIABLE = "BLOCKED_CIDRS_IN_JWKS_URIS";
const MAX_NAMES = 5;

/** An istiod that fetches keys from wherever RequestAuthentications say, also from within the network. */
export const jwksFetchAnalyzer: Analyzer = {
  name: "authn.BlockedCIDRsAnalyzer",
  description: `whether istiod has ${VARIABLE} where there are RequestAuthentications`,
  *analyze({ resources }) {
    const policies = resources.all("RequestAuthentication").map(fullName);
    if (policies.length === 0) return;
    for (const resource of resources.all("Deployment")) {
      const containers = resource.spec.template?.spec?.containers ?? [];
      const isSet = containers.some(({ env = [] }) =>
        env.some(({ name, value = "" }) => name === VARIABLE && value !== ""),
      );
      if (resource.labels["app"] !== "istiod" || isSet) continue;
      const message =
        `istiod fetches the keys of ${describe(policies)} from any address, also from internal ones: ` +
        `set ${VARIABLE} to the ranges that it must not ask`;
      const path = ["spec", "template", "spec", "containers"];
      yield { resource, code: "IST0175", path, message };
    }
  },
};

function describe(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(", ");
  const rest = names.length - MAX_NAMES;
  const all = rest > 0 ? `${shown} and ${rest} more` : shown;
  return names.length === 1 ? `RequestAuthentication ${all}` : `RequestAuthentications ${all}`;
}
