import type { Path } from "../../config/kind.js";
import type { ClientTLSSettings } from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import type { Analyzer, Report } from "../analyzer.js";
import type { Draft } from "../draft.js";
import type { AnalyzedOf } from "../resources.js";

type DestinationRule = AnalyzedOf<"DestinationRule">;

/** DestinationRules that encrypt, but do not say which authorities they believe who is at the other end. */
export const destinationTlsAnalyzer: Analyzer = {
  name: "destinationrule.CaCertificateAnalyzer",
  description: "whether DestinationRules that originate TLS check the server's certificate",
  *analyze({ resources }) {
    for (const rule of resources.all("DestinationRule")) {
      const { tls, portLevelSettings = [] } = rule.spec.trafficPolicy ?? {};
      yield* analyzeTls(rule, tls, ["spec", "trafficPolicy", "tls"]);
      for (const [index, settings] of portLevelSettings.entries()) {
        const path = ["spec", "trafficPolicy", "portLevelSettings", index, "tls"];
        yield* analyzeTls(rule, settings.tls, path, settings.port?.number);
      }
    }
  },
};

function* analyzeTls(
  resource: DestinationRule,
  tls: Draft<ClientTLSSettings> | undefined,
  path: Path,
  port?: number,
): Iterable<Report> {
  const { mode, caCertificates = "", credentialName = "" } = tls ?? {};
  if ((mode !== "SIMPLE" && mode !== "MUTUAL") || caCertificates !== "") return;
  const { workloadSelector, host = "" } = resource.spec;
  if (credentialName !== "" && workloadSelector !== undefined) return;
  const isForPort = path.includes("portLevelSettings");
  const server = port === undefined ? host : `port ${port} of ${host}`;
  yield {
    resource,
    code: isForPort ? "IST0129" : "IST0128",
    path: [...path, "mode"],
    message: messageOf(tls ?? {}, server),
  };
}

/** Who is believed without `caCertificates`, and what would be right. See Istio, ClientTLSSettings. */
function messageOf(
  { mode, credentialName = "", insecureSkipVerify }: Draft<ClientTLSSettings>,
  server: string,
): string {
  if (insecureSkipVerify === true) {
    return `with insecureSkipVerify nobody checks who answers as ${server}: set caCertificates in its place`;
  }
  if (credentialName !== "") {
    return `without a workloadSelector the credentialName is for gateways alone, and sidecars call ${server} without TLS: give one, or set caCertificates in its place`;
  }
  return `with mode ${mode} and no CA certificates all that the operating system trusts may say who answers as ${server}: set caCertificates`;
}
