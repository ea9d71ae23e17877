import type { PolicyTargetReference } from "../../config/kinds/value/selectors.js";
import type { Analyzer } from "../analyzer.js";
import type { Draft } from "../draft.js";
import type { AnalyzedOf } from "../resources.js";

const GATEWAY_API = "gateway.networking.k8s.io";
/** The proxies for which no policy is attached to a route. */
const SIDECARS: readonly (string | undefined)[] = ["SIDECAR_INBOUND", "SIDECAR_OUTBOUND"];

/** EnvoyFilters that may change which route a request takes after a policy of its route let it through. */
export const routeCacheAnalyzer: Analyzer = {
  name: "envoyfilter.RouteCacheAnalyzer",
  description: "whether EnvoyFilters patch filters of gateways where policies are for routes",
  *analyze({ resources }) {
    if (!resources.all("AuthorizationPolicy").some(isForRoute)) return;
    for (const resource of resources.all("EnvoyFilter")) {
      const patches = resource.spec.configPatches ?? [];
      const index = patches.findIndex(
        ({ applyTo, match }) => applyTo === "HTTP_FILTER" && !SIDECARS.includes(match?.context),
      );
      if (index < 0) continue;
      const message =
        "a filter behind the authorization may choose another route, which the AuthorizationPolicy of that HTTPRoute " +
        "never sees: take care that it clears no route cache, or attach the policy to the Gateway";
      const path = ["spec", "configPatches", index, "applyTo"];
      yield { resource, code: "IST0178", path, message };
    }
  },
};

function isForRoute({ spec }: AnalyzedOf<"AuthorizationPolicy">): boolean {
  const targets: readonly (Draft<PolicyTargetReference> | undefined)[] = [
    spec.targetRef,
    ...(spec.targetRefs ?? []),
  ];
  return targets.some((target) => target?.kind === "HTTPRoute" && target.group === GATEWAY_API);
}
