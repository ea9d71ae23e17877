/** The parts of a mesh that decide what single proxies are sent. Rows about their own workloads are found for each. */
import { type FieldNames, fieldsOf } from "../../base/engine/call.js";
import type { Engine } from "../../base/engine/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { ClientLocalities } from "../../mesh/routing/client-localities.js";
import type { ExtensionMesh } from "../extension/extension-resources.js";
import type { WorkloadContext } from "../inbound/workload-context.js";
import type { ScopingInputs } from "../outbound/scopes.js";
import type { CredentialMesh } from "../tls/client-secrets.js";

/** See the top of this file. Most edits of endpoints and routes change none of it. */
export interface MeshContext
  extends Pick<
    Mesh,
    "servicesByNamespace" | "servicesByAddress" | "ownRules" | "peerAuthentications"
  > {
  readonly scoping: ScopingInputs;
  /** The labels by which rules tell the localities of callers apart. */
  readonly localityLabels: readonly string[];
  readonly workload: WorkloadContext;
  readonly credentials: CredentialMesh;
  readonly extensions: ExtensionMesh;
}

const MESH_CONTEXT: FieldNames<MeshContext> = {
  scoping: true,
  localityLabels: true,
  workload: true,
  credentials: true,
  extensions: true,
  servicesByNamespace: true,
  servicesByAddress: true,
  ownRules: true,
  peerAuthentications: true,
};

const SCOPING: FieldNames<ScopingInputs> = {
  callerLabels: true,
  sidecars: true,
  envoyFilters: true,
  extensions: true,
  config: true,
  lookedUpServices: true,
  backendCertificates: true,
};

const WORKLOAD: FieldNames<WorkloadContext> = {
  config: true,
  peerTrustDomains: true,
  security: true,
  telemetries: true,
  sidecars: true,
  envoyFilters: true,
  extensions: true,
};

const CREDENTIALS: FieldNames<CredentialMesh> = {
  credentialRules: true,
  secrets: true,
  configMaps: true,
};

const EXTENSIONS: FieldNames<ExtensionMesh> = { extensions: true, config: true, wasmModules: true };

/** Finds that of a mesh: the same object until something in it changes, and each of its parts too. */
export function createMeshContext(
  engine: Engine,
  localities: Pick<ClientLocalities, "labelsAsked">,
): (mesh: Mesh) => MeshContext {
  const fieldsIn = <I extends object>(name: string, fields: FieldNames<I>): ((mesh: I) => I) =>
    engine.latestFields(name, fields, (mesh) => fieldsOf(mesh, fields));
  const scoping = fieldsIn("what decides scopes", SCOPING);
  const workload = fieldsIn("workload context", WORKLOAD);
  const credentials = fieldsIn("credentials of clients", CREDENTIALS);
  const extensions = fieldsIn("what extends proxies", EXTENSIONS);
  const settled = engine.latestFields<MeshContext, MeshContext>(
    "what decides about proxies",
    MESH_CONTEXT,
    (context) => context,
  );
  return engine.latestOf("what decides about proxies in a mesh", (mesh: Mesh) => {
    const { servicesByNamespace, servicesByAddress, ownRules, peerAuthentications } = mesh;
    return settled({
      scoping: scoping(mesh),
      localityLabels: localities.labelsAsked(mesh),
      workload: workload(mesh),
      credentials: credentials(mesh),
      extensions: extensions(mesh),
      servicesByNamespace,
      servicesByAddress,
      ownRules,
      peerAuthentications,
    });
  });
}
