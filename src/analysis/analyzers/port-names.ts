import { kubernetesProtocol } from "../../mesh/service/protocol.js";
import type { Analyzer, Report } from "../analyzer.js";
import { isMadeForGateway, isOfControlPlane } from "../control-plane.js";
import type { AnalyzedOf } from "../resources.js";

type Service = AnalyzedOf<"Service">;

/** Ports that do not say what is spoken at them. */
export const portNameAnalyzer: Analyzer = {
  name: "service.PortNameAnalyzer",
  description: "whether the ports of Services say which protocol they are for",
  *analyze({ resources }) {
    for (const service of resources.all("Service")) {
      // Nobody can name the ports of Services that are made.
      if (isOfControlPlane(service) || isMadeForGateway(service)) continue;
      yield* analyzeService(service);
    }
  },
};

function* analyzeService(service: Service): Iterable<Report> {
  const isExternal = service.spec.type === "ExternalName";
  for (const [index, { name = "", port = 0, protocol, appProtocol }] of (
    service.spec.ports ?? []
  ).entries()) {
    const spoken = kubernetesProtocol({ number: port, name, transport: protocol, appProtocol });
    // Plain TCP at an external name is taken for every destination at that port.
    if (spoken !== "Unsupported" && !(isExternal && name === "tcp")) continue;
    const found = name === "" ? "no name" : `the name "${name}"`;
    const place = {
      resource: service,
      path: ["spec", "ports", index, name === "" ? "port" : "name"],
    };
    yield isExternal
      ? {
          ...place,
          code: "IST0150",
          message: `port ${port} of an ExternalName has ${found}, so its traffic may be taken for another's: name it after what is spoken, such as https or tls`,
        }
      : {
          ...place,
          code: "IST0118",
          message: `port ${port} has ${found}, so its protocol is detected: name it PROTOCOL or PROTOCOL-SUFFIX, such as http-web, or set appProtocol`,
        };
  }
}
