import { inText, readText } from "./config-map-text.js";
import type { Finding, Path } from "./kind.js";
import { ipProblem, subnetProblem } from "./kinds/addresses.js";
import { domainProblem, isDnsLabel } from "./kinds/dns-names.js";
import { list, mapOf, optional, strict, Text, Uint32, type ValueOf } from "./kinds/fields.js";
import { atMostOne, each, eachMember, type Findings, given, refuse } from "./kinds/findings.js";
import { checkPort } from "./kinds/numbers.js";
import type { ConfigResource } from "./resource.js";
import { validateBody } from "./schema.js";

/** Which endpoints are in a network: those at some addresses, or those of a cluster. */
type NetworkEndpoints = ValueOf<typeof NetworkEndpoints>;
const NetworkEndpoints = strict({ fromCidr: optional(Text), fromRegistry: optional(Text) });

/** A gateway into a network, by the name of its service or its address. */
type NetworkGateway = ValueOf<typeof NetworkGateway>;
const NetworkGateway = strict({
  registryServiceName: optional(Text),
  address: optional(Text),
  port: optional(Uint32),
  locality: optional(Text),
});

/** Istio's MeshNetworks: the networks of the mesh by their names. */
type MeshNetworks = ValueOf<typeof MeshNetworks>;
const MeshNetworks = strict({
  networks: optional(
    mapOf(
      strict({
        endpoints: optional(list(NetworkEndpoints)),
        gateways: optional(list(NetworkGateway)),
      }),
    ),
  ),
});

/** Where in the ConfigMap the networks are. */
const KEY = "meshNetworks";

/**
 * What is wrong with the networks of the ConfigMap that has the mesh configuration. All of it are warnings, because it
 * keeps nothing else from working. See Istio, ValidateMeshNetworks.
 */
export function meshNetworksFindings(configMap: ConfigResource): readonly Finding[] {
  const reading = readText(configMap, KEY);
  if (reading.problem !== undefined) return [...tolerated([reading.problem])];
  const ofFields = validateBody({ body: "document", schema: MeshNetworks }, reading.value);
  // What has no findings of its schema is of its type.
  const found = ofFields.length > 0 ? ofFields : checkMeshNetworks(reading.value as MeshNetworks);
  return inText(KEY, tolerated(found));
}

function* tolerated(findings: Findings): Findings {
  for (const finding of findings) yield { ...finding, severity: "warning" };
}

function checkMeshNetworks({ networks }: MeshNetworks): Findings {
  return eachMember(networks, ["networks"], function* ({ endpoints, gateways }, path) {
    yield* each(endpoints, [...path, "endpoints"], checkEndpoints);
    yield* each(gateways, [...path, "gateways"], checkGateway);
  });
}

function* checkEndpoints(endpoints: NetworkEndpoints, path: Path): Findings {
  yield* atMostOne(endpoints, path, ["fromCidr", "fromRegistry"]);
  yield* given(endpoints.fromCidr, [...path, "fromCidr"], (range, at) =>
    refuse(at, subnetProblem(range)),
  );
  yield* given(endpoints.fromRegistry, [...path, "fromRegistry"], (name, at) =>
    refuse(at, isDnsLabel(name) ? undefined : `"${name}" is no name of a cluster`),
  );
}

function* checkGateway(gateway: NetworkGateway, path: Path): Findings {
  yield* atMostOne(gateway, path, ["registryServiceName", "address"]);
  yield* given(gateway.registryServiceName, [...path, "registryServiceName"], (name, at) =>
    refuse(at, domainProblem(name)),
  );
  yield* given(gateway.address, [...path, "address"], (address, at) =>
    refuse(at, ipProblem(address) === undefined ? undefined : domainProblem(address)),
  );
  yield* checkPort(gateway.port ?? 0, [...path, "port"]);
}
