import type { Path } from "../../config/kind.js";
import type { TextMap } from "../../config/kinds/fields.js";
import { selects } from "../../mesh/labels.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import { findGateway, gatewayReference, MESH_GATEWAY } from "../gateway-references.js";
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
    for (const resource of context.resources.all("VirtualService")) {
      for (const match of headerMatches(resource)) {
        const source = writerOf(match.header, resource, written, context);
        if (source !== undefined) yield { resource, ...report(match, source) };
      }
    }
  },
};

/** A header into which a RequestAuthentication puts a claim. */
interface WrittenHeader {
  /** In lower case. */
  readonly header: string;
  readonly claim: string;
  /** `namespace/name`. */
  readonly policy: string;
  readonly namespace: string;
  /** Of the workloads that it is for. */
  readonly labels: TextMap;
}

/** Policies with targets are for workloads that no Gateway of Istio's selects. */
function writtenHeaders({ resources }: AnalysisContext): readonly WrittenHeader[] {
  return [...resources.all("RequestAuthentication")]
    .filter(({ spec }) => spec.targetRef === undefined && (spec.targetRefs ?? []).length === 0)
    .flatMap(({ namespace, name, spec }) =>
      (spec.jwtRules ?? [])
        .flatMap(({ outputClaimToHeaders = [] }) => outputClaimToHeaders)
        .map(({ header = "", claim = "" }) => ({
          header: header.toLowerCase(),
          claim,
          policy: `${namespace}/${name}`,
          namespace,
          labels: spec.selector?.matchLabels ?? {},
        })),
    );
}

interface HeaderMatch {
  readonly header: string;
  readonly path: Path;
}

/** The headers by which a VirtualService chooses its routes. */
function headerMatches({ spec }: VirtualService): readonly HeaderMatch[] {
  return (spec.http ?? []).flatMap(({ match = [] }, i) =>
    match.flatMap((condition, j) =>
      (["headers", "withoutHeaders"] as const).flatMap((field) =>
        Object.keys(condition[field] ?? {}).map((header) => ({
          header,
          path: ["spec", "http", i, "match", j, field, header],
        })),
      ),
    ),
  );
}

/** What writes a header at a gateway of a VirtualService; undefined when nothing does. */
function writerOf(
  header: string,
  { namespace, spec }: VirtualService,
  written: readonly WrittenHeader[],
  { resources, workloads, meshConfig }: AnalysisContext,
): WrittenHeader | undefined {
  const candidates = written.filter((one) => one.header === header.toLowerCase());
  if (candidates.length === 0) return undefined;
  const gateways = (spec.gateways ?? [])
    .filter((text) => text !== MESH_GATEWAY)
    .map((text) => findGateway(resources, gatewayReference(text, namespace)))
    .filter((gateway) => gateway !== undefined);
  const serving = gateways.flatMap((gateway) => [
    ...workloads.selected(gateway.spec.selector ?? {}),
  ]);
  return candidates.find((one) =>
    serving.some(
      (workload) =>
        [meshConfig.rootNamespace, workload.namespace].includes(one.namespace) &&
        selects(one.labels, workload.labels),
    ),
  );
}

function report(
  { header, path }: HeaderMatch,
  { policy, claim }: WrittenHeader,
): Omit<Report, "resource"> {
  const message =
    `clients can forge header "${header}", into which RequestAuthentication ${policy} writes claim "${claim}": the gateway ` +
    `chooses a route before it removes what they send; match on "@request.auth.claims.${claim}" in its place`;
  return { code: "forgeable-header", path, message };
}
