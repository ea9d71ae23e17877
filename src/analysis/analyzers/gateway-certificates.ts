import type { ServerTLSSettings } from "../../config/kinds/networking/server-tls-settings.js";
import { selects } from "../../mesh/labels.js";
import type { Analyzer, Report } from "../analyzer.js";
import type { Draft } from "../draft.js";
import { type AnalyzedOf, fullName } from "../resources.js";

type Gateway = AnalyzedOf<"Gateway">;

/** Gateways of the same workloads that serve with the same certificate: browsers reuse connections across them. */
export const gatewayCertificateAnalyzer: Analyzer = {
  name: "gateway.CertificateAnalyzer",
  description: "whether two Gateways of the same workloads have the same certificate",
  *analyze({ resources }) {
    const gateways = resources.all("Gateway");
    const byCertificate = new Map<string, Set<Gateway>>();
    for (const gateway of gateways) {
      for (const certificate of certificatesOf(gateway).keys()) {
        const others = byCertificate.get(certificate) ?? new Set<Gateway>();
        byCertificate.set(certificate, others.add(gateway));
      }
    }
    for (const gateway of gateways) yield* analyzeGateway(gateway, byCertificate);
  },
};

function* analyzeGateway(
  gateway: Gateway,
  byCertificate: ReadonlyMap<string, ReadonlySet<Gateway>>,
): Iterable<Report> {
  const reported = new Set<Gateway>([gateway]);
  for (const [certificate, path] of certificatesOf(gateway)) {
    for (const other of byCertificate.get(certificate) ?? []) {
      if (reported.has(other) || !includes(gateway, other)) continue;
      reported.add(other);
      const message =
        `Gateway ${fullName(other)} has the same certificate: clients that reuse a connection for the hosts of both ` +
        "get 404 for those of one; put the servers into one Gateway";
      yield { resource: gateway, code: "IST0138", path, message };
    }
  }
}

/** Whether the workloads of a gateway are those of another too, as their labels say. */
function includes(gateway: Gateway, other: Gateway): boolean {
  return selects(gateway.spec.selector ?? {}, other.spec.selector ?? {});
}

/** What tells a gateway's certificates apart, with where the first server is that has it. */
function certificatesOf({ spec }: Gateway): ReadonlyMap<string, readonly (string | number)[]> {
  const found = new Map<string, readonly (string | number)[]>();
  for (const [index, { tls }] of (spec.servers ?? []).entries()) {
    const certificate = tls === undefined ? undefined : certificateOf(tls);
    if (certificate === undefined || found.has(certificate)) continue;
    found.set(certificate, ["spec", "servers", index, "tls"]);
  }
  return found;
}

/** A Secret is what is served, whatever files there are beside it. */
function certificateOf(tls: Draft<ServerTLSSettings>): string | undefined {
  const { credentialName = "", serverCertificate = "", privateKey = "" } = tls;
  if (credentialName !== "") return JSON.stringify([credentialName]);
  const isWhole = serverCertificate !== "" && privateKey !== "";
  return isWhole ? JSON.stringify([serverCertificate, privateKey]) : undefined;
}
