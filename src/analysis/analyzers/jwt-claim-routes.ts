import type { Path } from "../../config/kind.js";
import { isJwtClaim } from "../../config/kinds/format/http-headers.js";
import type { TextMap } from "../../config/kinds/value/fields.js";
import { selects } from "../../mesh/labels.js";
import { MESH_GATEWAY } from "../../mesh/routing/virtual-service.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import { ISTIO_NAMESPACE } from "../control-plane.js";
import { findGateway, gatewayReference } from "../gateway-references.js";
import type { AnalyzedOf } from "../resources.js";

type VirtualService = AnalyzedOf<"VirtualService">;

/** Routes by the claims of a token at gateways where nobody checks tokens. */
export const jwtClaimRouteAnalyzer: Analyzer = {
  name: "virtualservice.JWTClaimRouteAnalyzer",
  description: "whether gateways that route by the claims of a token check it",
  *analyze(context) {
    const policies = policiesByNamespace(context);
    for (const route of context.resources.all("VirtualService")) {
      const claim = claimOf(route);
      if (claim !== undefined) yield* analyzeRoute(route, claim, policies, context);
    }
  },
};

interface PlacedClaim {
  readonly name: string;
  readonly path: Path;
}

type Policies = ReadonlyMap<string, readonly TextMap[]>;

/** The labels that the RequestAuthentications of each namespace are for. */
function policiesByNamespace({ resources }: AnalysisContext): Policies {
  const policies = new Map<string, TextMap[]>();
  for (const { namespace, spec } of resources.all("RequestAuthentication")) {
    const labels = spec.selector?.matchLabels ?? {};
    policies.set(namespace, [...(policies.get(namespace) ?? []), labels]);
  }
  return policies;
}

function* analyzeRoute(
  resource: VirtualService,
  { name, path }: PlacedClaim,
  policies: Policies,
  { resources, workloads }: AnalysisContext,
): Iterable<Report> {
  for (const text of resource.spec.gateways ?? []) {
    if (text === MESH_GATEWAY) continue;
    const reference = gatewayReference(text, resource.namespace);
    const gateway = findGateway(resources, reference);
    if (gateway === undefined) continue;
    const unchecked = [...workloads.selected(gateway.spec.selector ?? {})].filter((workload) => {
      const namespaces = new Set([ISTIO_NAMESPACE, workload.namespace]);
      const selectors = [...namespaces].flatMap((one) => policies.get(one) ?? []);
      return !selectors.some((labels) => selects(labels, workload.labels));
    });
    // For each of them, as istioctl tells it: another may have other labels.
    for (const workload of new Set(unchecked.map((one) => one.name))) {
      const message =
        `the route never matches "${name}": no RequestAuthentication checks tokens at ${workload}, ` +
        `for Gateway ${reference.namespace}/${reference.name}; add one for its labels`;
      yield { resource, code: "IST0149", path, message };
    }
  }
}

/** The first claim by which a VirtualService routes. */
function claimOf({ spec }: VirtualService): PlacedClaim | undefined {
  const conditions = (spec.http ?? []).flatMap(({ match = [] }, i) =>
    match.map((condition, j) => ({ condition, path: ["spec", "http", i, "match", j] })),
  );
  for (const { condition, path } of conditions) {
    for (const field of ["headers", "withoutHeaders"] as const) {
      const name = Object.keys(condition[field] ?? {}).find(isJwtClaim);
      if (name !== undefined) return { name, path: [...path, field, name] };
    }
  }
  return undefined;
}
