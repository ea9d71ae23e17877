import type { Finding, Path } from "../kind.js";
import { ipProblem, subnetProblem } from "../kinds/value/addresses.js";
import { domainProblem, isDnsLabel } from "../kinds/value/dns-names.js";
import {
  list,
  mapOf,
  optional,
  strict,
  Text,
  Uint32,
  type ValueOf,
} from "../kinds/value/fields.js";
import {
  atMostOne,
  each,
  eachMember,
  type Findings,
  given,
  invalid,
  refuse,
} from "../kinds/value/findings.js";
import { checkPort } from "../kinds/value/numbers.js";
import { notApplied } from "../kinds/value/unapplied.js";
import type { ConfigResource } from "../resource.js";
import { validateBody } from "../schema/schema.js";
import { inText, readText } from "./config-map-text.js";

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

const NetworksByName = mapOf(
  strict({
    endpoints: optional(list(NetworkEndpoints)),
    gateways: optional(list(NetworkGateway)),
  }),
);

/** The networks of the mesh by their names. */
export type MeshNetworks = ValueOf<typeof NetworksByName>;

/** Istio's MeshNetworks. */
type MeshNetworksText = ValueOf<typeof MeshNetworksText>;
const MeshNetworksText = strict({ networks: optional(NetworksByName) });

/** Where in the ConfigMap the networks are. */
const KEY = "meshNetworks";

interface NetworksReading {
  /** Absent where something is wrong. */
  readonly networks?: MeshNetworks;
  readonly findings: readonly Finding[];
}

function readNetworks(configMap: ConfigResource): NetworksReading {
  const reading = readText(configMap, KEY, MeshNetworksText);
  if (reading.problem !== undefined) return { findings: [...tolerated([reading.problem])] };
  const ofFields = validateBody({ body: "document", schema: MeshNetworksText }, reading.value);
  // What has no findings of its schema is of its type.
  const { networks = {} } = ofFields.length > 0 ? {} : (reading.value as MeshNetworksText);
  const found = ofFields.length > 0 ? ofFields : [...checkMeshNetworks(networks)];
  const findings = inText(KEY, tolerated(found));
  const isRead = found.every(({ severity }) => severity === "warning");
  return isRead ? { networks, findings } : { findings };
}

/**
 * What is wrong with the networks of the ConfigMap that has the mesh configuration. All of it are warnings, because it
 * keeps nothing else from working. See Istio, ValidateMeshNetworks.
 */
export function meshNetworksFindings(configMap: ConfigResource): readonly Finding[] {
  return readNetworks(configMap).findings;
}

/** The networks in the ConfigMap that has the mesh configuration; none where something is wrong with them. */
export function meshNetworksOf(configMap: ConfigResource): MeshNetworks {
  return readNetworks(configMap).networks ?? {};
}

function* tolerated(findings: Findings): Findings {
  for (const finding of findings) yield { ...finding, severity: "warning" };
}

function checkMeshNetworks(networks: MeshNetworks): Findings {
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
  yield* given(gateway.address, [...path, "address"], function* (address, at) {
    if (ipProblem(address) === undefined) return;
    const problem = domainProblem(address);
    if (problem === undefined) yield notApplied(at, "a gateway by name (give its IP address)");
    else yield invalid(at, problem);
  });
  yield* checkPort(gateway.port ?? 0, [...path, "port"]);
}
