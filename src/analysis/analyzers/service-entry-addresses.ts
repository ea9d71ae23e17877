import type { Analyzer } from "../analyzer.js";

/** TCP ports of ServiceEntries without addresses: they are open for every destination. */
export const serviceEntryAddressAnalyzer: Analyzer = {
  name: "serviceentry.Analyzer",
  description: "whether ServiceEntries with TCP ports have addresses",
  *analyze({ resources, meshConfig }) {
    const { proxyMetadata = {} } = meshConfig.defaultConfig;
    const isAllocated =
      proxyMetadata["ISTIO_META_DNS_CAPTURE"] === "true" &&
      proxyMetadata["ISTIO_META_DNS_AUTO_ALLOCATE"] === "true";
    if (isAllocated) return;
    for (const resource of resources.all("ServiceEntry")) {
      const { addresses = [], ports = [] } = resource.spec;
      if (addresses.length > 0) continue;
      for (const [index, { number = 0, protocol = "" }] of ports.entries()) {
        if (protocol !== "" && protocol !== "TCP") continue;
        const found = protocol === "" ? "no protocol, so TCP" : protocol;
        const message = `without addresses, port ${number} of ${found} takes the connections to all hosts at that port: give addresses, or the protocol that is spoken`;
        yield { resource, code: "IST0134", path: ["spec", "ports", index], message };
      }
    }
  },
};
