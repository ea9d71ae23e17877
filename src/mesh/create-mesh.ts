/** Builds the mesh from a snapshot: puts the indexes together, each of which computes only what has changed. */
import type { Engine } from "../base/engine/engine.js";
import { Table } from "../base/table/table.js";
import { createDiscoveredTables } from "../config/discovered-tables.js";
import { createEnvoyFilters } from "./extension/envoy-filters.js";
import { createExtensions } from "./extension/extensions.js";
import { createBackendCertificates } from "./gateway-api/backend-certificates.js";
import { createBackendPolicies } from "./gateway-api/backend-policies.js";
import { createMadeRouting } from "./made-routing.js";
import type { Mesh, MeshInputs } from "./mesh.js";
import { createRoutingTables } from "./routing/routing-tables.js";
import { indexPeerAuthentications } from "./security/peer-authentication.js";
import { createPeerTrustDomains } from "./security/peer-trust-domains.js";
import { createPlaintext } from "./security/plaintext.js";
import { createSecurityPolicies } from "./security/security-policies.js";
import { createServiceTables } from "./service/service-tables.js";
import { indexSidecars } from "./sidecar/sidecar.js";
import { createCallerLabels } from "./view/caller-labels.js";
import { createNetworks } from "./workload/networks.js";
import { createWorkloadTables } from "./workload/workload-tables.js";

/** The builder of meshes; it remembers, so that the next mesh costs what changed. */
export function createMesh(engine: Engine): (inputs: MeshInputs) => Mesh {
  const discovered = createDiscoveredTables(engine);
  const serviceTables = createServiceTables(engine);
  const workloadTables = createWorkloadTables(engine);
  const routingTables = createRoutingTables(engine);
  const madeRouting = createMadeRouting(engine);
  const backendPolicies = createBackendPolicies(engine);
  const backendCertificates = createBackendCertificates(engine);
  const callerLabels = createCallerLabels(engine);
  const peerAuthentications = engine.memo("peer authentications", indexPeerAuthentications);
  const plaintext = createPlaintext(engine);
  const securityPolicies = createSecurityPolicies(engine);
  const sidecars = engine.memo("sidecars", indexSidecars);
  const envoyFilters = createEnvoyFilters(engine);
  const extensions = createExtensions(engine);
  const peersOf = createPeerTrustDomains(engine);
  const networks = createNetworks(engine);
  return ({ snapshot, config, ...given }) => {
    const tables = discovered(snapshot.tables, config.discoverySelectors);
    const { standIns = [], federated = [], issuerKeys, wasmModules = Table.empty() } = given;
    const routing = { ...madeRouting(tables, config), DestinationRule: backendPolicies(tables) };
    const services = serviceTables(tables, config.defaultServiceExportTo, standIns);
    const called = { ...services, ...workloadTables(tables, given, services.services) };
    const policies = peerAuthentications(tables.PeerAuthentication, config.rootNamespace);
    return {
      ...called,
      ...routingTables({ ...tables, ...routing }, config, services),
      config,
      networks: networks(tables),
      groups: tables.WorkloadGroup,
      peerTrustDomains: peersOf(config, federated),
      callerLabels: callerLabels(tables, config.rootNamespace),
      gateways: routing.Gateway,
      backendCertificates: backendCertificates(routing.Gateway, tables.Service),
      sidecars: sidecars(tables.Sidecar, config.rootNamespace),
      envoyFilters: envoyFilters(tables.EnvoyFilter),
      extensions: extensions(tables),
      secrets: tables.Secret,
      configMaps: tables.ConfigMap,
      grants: tables.ReferenceGrant,
      telemetries: tables.Telemetry,
      peerAuthentications: policies,
      ...plaintext(policies, called),
      security: securityPolicies(tables, config, services.servicesByHost, issuerKeys),
      wasmModules,
    };
  };
}
