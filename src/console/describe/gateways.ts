/** `describe service`: the gateways through which a service is reached from outside. */
import { formatHostPort } from "../../base/text/host-port.js";
import { serverInputs, serversOf } from "../../envoy/gateway/gateway-part.js";
import { originOf } from "../../mesh/made-of.js";
import { indented, placeOf, SEPARATOR, type Subject, shortName } from "./subject.js";
import { describeVirtualService, type Target, virtualServiceAt } from "./virtual-service.js";

/** By which gateways a service can be reached from outside, and for which requests. */
export function describeGateways(subject: Subject, target: Target): readonly string[] {
  const { mesh } = subject;
  return [...mesh.gatewayVirtualServices.sorted()].flatMap(([key, virtualServices]) => {
    const gateway = mesh.gateways.get(key);
    if (gateway === undefined) return [];
    const leading = virtualServices
      .map((one) => virtualServiceAt(subject, one, key))
      .filter((one) => one.destinations.includes(target.hostname));
    if (leading.length === 0) return [];
    const ref = originOf(gateway);
    const ports = (gateway.spec.servers ?? []).map(
      ({ port, hosts }) => `${port.number}/${port.protocol} for ${hosts.join(", ")}`,
    );
    return [
      SEPARATOR,
      `Exposed on Gateway: ${shortName(subject, ref)}, port ${ports.join("; ")}${placeOf(subject, ref)}`,
      ...indented(describeWaysIn(subject, key)),
      ...leading.flatMap((one) => describeVirtualService(subject, one, target)),
    ];
  });
}

/** Where the proxies that are connected listen for a Gateway. */
function describeWaysIn({ mesh, proxies }: Subject, gatewayKey: string): readonly string[] {
  const ways = proxies
    .filter(({ type }) => type === "router")
    .flatMap((proxy) =>
      serversOf(serverInputs(mesh, proxy))
        .served.filter((server) => server.gatewayKey === gatewayKey)
        .map(({ bind, listenPort }) => {
          const address = bind === "" ? proxy.address : bind;
          const at = formatHostPort({ host: address, port: listenPort });
          return `Reached at ${at}, ${proxy.id}`;
        }),
    );
  return ways.length === 0
    ? ["WARNING: no gateway that is connected serves it"]
    : [...new Set(ways)];
}
