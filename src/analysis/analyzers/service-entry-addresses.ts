import type { AnalysisContext, Analyzer } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";

/** By any of these, addresses are given to ServiceEntries that have none. */
const ALLOCATIONS: readonly string[] = [
  "ISTIO_META_DNS_AUTO_ALLOCATE",
  "PILOT_ENABLE_IP_AUTOALLOCATE",
];

/** TCP ports of ServiceEntries without addresses: they are open for every destination. */
export const serviceEntryAddressAnalyzer: Analyzer = {
  name: "serviceentry.Analyzer",
  description: "whether ServiceEntries with TCP ports have addresses",
  *analyze({ resources, meshConfig }) {
    if (areAllocated(meshConfig)) return;
    for (const resource of resources.all("ServiceEntry")) {
      if (hasAddresses(resource)) continue;
      for (const [index, port] of (resource.spec.ports ?? []).entries()) {
        const { number = 0, protocol = "" } = port;
        if (protocol !== "" && protocol.toUpperCase() !== "TCP") continue;
        const found = protocol === "" ? "no protocol, so TCP" : protocol;
        const message = `without addresses, port ${number} of ${found} takes the connections to all hosts at that port: give addresses, or the protocol that is spoken`;
        yield { resource, code: "IST0134", path: ["spec", "ports", index], message };
      }
    }
  },
};

function areAllocated({ defaultConfig }: AnalysisContext["meshConfig"]): boolean {
  const { proxyMetadata = {} } = defaultConfig;
  return (
    proxyMetadata["ISTIO_META_DNS_CAPTURE"] === "true" &&
    ALLOCATIONS.some((name) => proxyMetadata[name] === "true")
  );
}

function hasAddresses({ spec, status }: AnalyzedOf<"ServiceEntry">): boolean {
  return [...(spec.addresses ?? []), ...(status.addresses ?? [])].length > 0;
}
