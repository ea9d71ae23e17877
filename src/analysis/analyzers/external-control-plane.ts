import { isIP } from "node:net";
import { domainProblem } from "../../config/kinds/dns-names.js";
import type { Analyzer, Report } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";

type WebhookConfiguration = AnalyzedOf<"MutatingWebhookConfiguration">;

/** What the names of Istio's webhook configurations begin with. */
const VALIDATORS: readonly string[] = ["istio-validator", "istiod-default-validator"];
const INJECTORS: readonly string[] = ["istio-sidecar-injector"];

/** Webhooks that lead to a control plane outside the cluster. Whether its name can be looked up is not asked. */
export const externalControlPlaneAnalyzer: Analyzer = {
  name: "externalcontrolplane.ExternalControlPlaneAnalyzer",
  description: "the addresses of a control plane outside the cluster, as webhooks have them",
  *analyze({ resources }) {
    yield* analyzeFirst(resources.all("ValidatingWebhookConfiguration"), VALIDATORS);
    yield* analyzeFirst(resources.all("MutatingWebhookConfiguration"), INJECTORS);
  },
};

/** The first problem of a kind: who installs a control plane writes the same address into all of them. */
function* analyzeFirst(
  configurations: readonly WebhookConfiguration[],
  prefixes: readonly string[],
): Iterable<Report> {
  for (const configuration of configurations) {
    if (!prefixes.some((prefix) => configuration.name.startsWith(prefix))) continue;
    const report = analyzeConfiguration(configuration);
    if (report === undefined) continue;
    yield report;
    return;
  }
}

/** The webhooks up to the first one that has an address. */
function analyzeConfiguration(resource: WebhookConfiguration): Report | undefined {
  for (const [index, { name = "", clientConfig = {} }] of (
    resource.spec.webhooks ?? []
  ).entries()) {
    const { url, service } = clientConfig;
    const path = ["webhooks", index, "clientConfig"];
    if (url === undefined && service !== undefined) continue;
    const problem = url === undefined ? undefined : urlProblem(url);
    if (url !== undefined && problem === undefined) return undefined;
    return {
      resource,
      path: url === undefined ? path : [...path, "url"],
      code: problem?.code ?? "IST0163",
      message: `webhook "${name}" ${problem?.message ?? "has neither url nor service: nothing is asked"}`,
    };
  }
  return undefined;
}

function urlProblem(url: string): Pick<Report, "code" | "message"> | undefined {
  const host = URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, "$1") : undefined;
  if (host === undefined || host === "") {
    const message = `has a url that is none: found "${url}", https://HOST:PORT/PATH would be right`;
    return { code: "IST0163", message };
  }
  if (isIP(host) !== 0) {
    const message = `calls the control plane by the address ${host}: a host name would outlast a move`;
    return { code: "IST0164", message };
  }
  const problem = domainProblem(host);
  return problem === undefined
    ? undefined
    : { code: "IST0163", message: `has a url that leads nowhere: ${problem}` };
}
