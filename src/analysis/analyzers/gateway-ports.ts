import { formatLabels } from "../../base/text/format-labels.js";
import { selects } from "../../mesh/labels.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";
import type { Workload } from "../workloads.js";

type Gateway = AnalyzedOf<"Gateway">;
type Service = AnalyzedOf<"Service">;

/** Gateways for no workload, and servers at ports that no Service of the workloads leads to. */
export const gatewayPortAnalyzer: Analyzer = {
  name: "gateway.IngressGatewayPortAnalyzer",
  description: "whether Gateways have workloads, and Services lead to the ports of their servers",
  *analyze(context) {
    for (const gateway of context.resources.all("Gateway")) yield* analyzeGateway(gateway, context);
  },
};

function* analyzeGateway(gateway: Gateway, context: AnalysisContext): Iterable<Report> {
  const { selector = {}, servers = [] } = gateway.spec;
  const workloads = context.workloads.selected(selector);
  if (workloads.length === 0) {
    yield noWorkloads(gateway);
    return;
  }
  const services = servicesOf(workloads, context);
  const ports = new Set(services.flatMap(portsOf));
  const reported = new Set<number>();
  for (const [index, { port }] of servers.entries()) {
    const { number = 0 } = port ?? {};
    if (port === undefined || ports.has(number) || reported.has(number)) continue;
    reported.add(number);
    const found = [...ports].sort((a, b) => a - b).join(", ");
    const message =
      `no Service of the workloads with ${formatLabels(selector)} has port ${number}: ` +
      `found ${found === "" ? "none" : found}; add the port to the Service`;
    yield {
      resource: gateway,
      code: "IST0162",
      path: ["spec", "servers", index, "port", "number"],
      message,
    };
  }
}

/** That a Gateway is for no workload. */
export function noWorkloads(gateway: Gateway): Report {
  const labels = formatLabels(gateway.spec.selector ?? {});
  const message = labels === "" ? "there is no workload" : `no workload has the labels ${labels}`;
  return { resource: gateway, code: "IST0101", path: ["spec", "selector"], message };
}

function servicesOf(
  workloads: readonly Workload[],
  { resources }: AnalysisContext,
): readonly Service[] {
  return resources
    .all("Service")
    .filter(({ namespace, spec }) =>
      workloads.some(
        (one) => one.namespace === namespace && selects(spec.selector ?? {}, one.labels),
      ),
    );
}

/**
 * The ports by which a Gateway may mean those of a Service, for TCP: the Service's own, which a gateway translates, and the
 * workload's, which it leads to.
 */
function portsOf({ spec }: Service): readonly number[] {
  return (spec.ports ?? [])
    .filter(({ protocol = "TCP" }) => protocol === "TCP")
    .flatMap(({ port = 0, targetPort }) => {
      const target = Number(targetPort);
      return Number.isInteger(target) && target !== 0 ? [port, target] : [port];
    });
}
