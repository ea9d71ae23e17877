import type { Path } from "../../config/kind.js";
import type { JWTRule } from "../../config/kinds/security/request-authentication.js";
import type { TextMap } from "../../config/kinds/value/fields.js";
import { selects } from "../../mesh/labels.js";
import { MESH_GATEWAY } from "../../mesh/routing/virtual-service.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { Draft } from "../draft.js";
import { findGateway, gatewayReference } from "../gateway-references.js";
import type { AnalyzedOf } from "../resources.js";

type VirtualService = AnalyzedOf<"VirtualService">;

/**
 * Routes at gateways by headers that stand for the claims of a token: the route is chosen before what clients wrote there is
 * removed, and again only for a good token. Istio has no analyzer for it.
 */
export const forgeableHeaderAnalyzer: Analyzer = {
  name: "virtualservice.ForgeableHeaderAnalyzer",
  description:
    "whether gateways route by headers that stand for claims, which clients can write too",
  *analyze(context) {
    const written = writtenHeaders(context);
    if (written.length === 0) return;
    for (const route of context.resources.all("VirtualService")) {
      const writers = writersAt(route, written, context);
      if (writers.length === 0) continue;
      for (const match of [...headerMatches(route), ...delegatedMatches(route, context)]) {
        const writer = writers.find(({ header }) => header === match.header.toLowerCase());
        if (writer !== undefined) yield report(match, writer);
      }
    }
  },
};

/** A header into which a RequestAuthentication puts what a token says. */
interface WrittenHeader {
  /** In lower case. */
  readonly header: string;
  /** What is put there; the whole payload when absent. */
  readonly claim?: string;
  /** `namespace/name`. */
  readonly policy: string;
  readonly namespace: string;
  /** Of the workloads that it is for. */
  readonly labels: TextMap;
}

/** Policies with targets are for workloads that no Gateway of Istio's selects. */
function writtenHeaders({ resources }: AnalysisContext): readonly WrittenHeader[] {
  return resources
    .all("RequestAuthentication")
    .filter(({ spec }) => spec.targetRef === undefined && (spec.targetRefs ?? []).length === 0)
    .flatMap(({ namespace, name, spec }) =>
      (spec.jwtRules ?? []).flatMap(headersOf).map(({ header, ...rest }) => ({
        ...rest,
        header: header.toLowerCase(),
        policy: `${namespace}/${name}`,
        namespace,
        labels: spec.selector?.matchLabels ?? {},
      })),
    );
}

function headersOf({
  outputClaimToHeaders = [],
  outputPayloadToHeader: payload = "",
}: Draft<JWTRule>): readonly Pick<WrittenHeader, "header" | "claim">[] {
  return [
    ...outputClaimToHeaders.map(({ header = "", claim = "" }) => ({ header, claim })),
    ...(payload === "" ? [] : [{ header: payload }]),
  ];
}

/** A header by which a VirtualService chooses a route. */
interface HeaderMatch {
  readonly resource: VirtualService;
  readonly header: string;
  readonly path: Path;
}

function headerMatches(resource: VirtualService): readonly HeaderMatch[] {
  return (resource.spec.http ?? []).flatMap(({ match = [] }, i) =>
    match.flatMap((condition, j) =>
      (["headers", "withoutHeaders"] as const).flatMap((field) =>
        Object.keys(condition[field] ?? {}).map((header) => ({
          resource,
          header,
          path: ["spec", "http", i, "match", j, field, header],
        })),
      ),
    ),
  );
}

/** The matches of the VirtualServices that one leaves routes to. Those of hosts of their own are nobody's delegates. */
function delegatedMatches(
  { namespace, spec }: VirtualService,
  { resources }: AnalysisContext,
): readonly HeaderMatch[] {
  const delegates = (spec.http ?? []).flatMap(({ delegate }) => {
    const { name = "", namespace: other = "" } = delegate ?? {};
    return resources.find("VirtualService", other === "" ? namespace : other, name) ?? [];
  });
  return [...new Set(delegates)]
    .filter((delegate) => (delegate.spec.hosts ?? []).length === 0)
    .flatMap(headerMatches);
}

/** Of the headers that are written those that are at some gateway of a VirtualService. */
function writersAt(
  { namespace, spec }: VirtualService,
  written: readonly WrittenHeader[],
  { resources, workloads, meshConfig }: AnalysisContext,
): readonly WrittenHeader[] {
  const serving = (spec.gateways ?? [])
    .filter((text) => text !== MESH_GATEWAY)
    .flatMap((text) => findGateway(resources, gatewayReference(text, namespace)) ?? [])
    .flatMap((gateway) => workloads.selected(gateway.spec.selector ?? {}));
  return written.filter((one) =>
    serving.some(
      (workload) =>
        [meshConfig.rootNamespace, workload.namespace].includes(one.namespace) &&
        selects(one.labels, workload.labels),
    ),
  );
}

function report({ resource, header, path }: HeaderMatch, { policy, claim }: WrittenHeader): Report {
  const [what, inPlace] =
    claim === undefined
      ? ["the payload of tokens", "the claims themselves, @request.auth.claims.NAME"]
      : [`claim "${claim}"`, `"@request.auth.claims.${claim}"`];
  const message =
    `clients can forge header "${header}", into which RequestAuthentication ${policy} writes ${what}: the gateway ` +
    `chooses a route before it removes what they send; match on ${inPlace} in its place`;
  return { resource, code: "forgeable-header", path, message };
}
