import { isIP } from "node:net";
import { domainProblem } from "../../config/kinds/value/dns-names.js";
import type { Analyzer, Report } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";

type WebhookConfiguration = AnalyzedOf<"MutatingWebhookConfiguration">;

/** What the names of Istio's webhook configurations begin with. */
const VALIDATOR = "istio-validator";
const INJECTOR = "istio-sidecar-injector";
/** The whole name of one. */
const DEFAULT_VALIDATOR = "istiod-default-validator";

/** Webhooks that lead to a control plane outside the cluster. Whether its name can be looked up is not asked. */
export const externalControlPlaneAnalyzer: Analyzer = {
  name: "externalcontrolplane.ExternalControlPlaneAnalyzer",
  description: "the addresses of a control plane outside the cluster, as webhooks have them",
  *analyze({ resources }) {
    for (const configuration of resources.all("ValidatingWebhookConfiguration")) {
      if (isValidator(configuration)) yield* analyzeConfiguration(configuration);
    }
    for (const configuration of resources.all("MutatingWebhookConfiguration")) {
      if (configuration.name.startsWith(INJECTOR)) yield* analyzeConfiguration(configuration);
    }
  },
};

function isValidator({ name }: WebhookConfiguration): boolean {
  return name === DEFAULT_VALIDATOR || name.startsWith(VALIDATOR);
}

function* analyzeConfiguration(resource: WebhookConfiguration): Iterable<Report> {
  for (const [index, webhook] of (resource.spec.webhooks ?? []).entries()) {
    const { name = "", clientConfig = {} } = webhook;
    const { url, service } = clientConfig;
    const path = ["webhooks", index, "clientConfig"];
    if (url !== undefined) {
      const problem = urlProblem(url);
      if (problem === undefined) continue;
      const message = `webhook "${name}" ${problem.message}`;
      yield { resource, path: [...path, "url"], code: problem.code, message };
    } else if (service === undefined) {
      const message = `webhook "${name}" has neither url nor service: nothing is asked`;
      yield { resource, path, code: "IST0163", message };
    }
  }
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
