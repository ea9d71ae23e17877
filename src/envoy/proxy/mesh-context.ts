/** The parts of a mesh that decide about single proxies, apart from what is said of their own workloads. */
import { type FieldNames, fieldsOf } from "../../base/call.js";
import type { Engine } from "../../base/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Places } from "../../mesh/routing/client-localities.js";
import type { ExtensionMesh } from "../extension/extension-resources.js";
import type { OwnContext } from "../inbound/workload-context.js";
import type { ScopingInputs } from "../outbound/scopes.js";
import type { CredentialMesh } from "../tls/client-secrets.js";

/** See the top of this file. Most edits of endpoints and routes change none of it. */
export interface Surroundings
  extends Pick<
    Mesh,
    "servicesByNamespace" | "servicesByAddress" | "ownRules" | "peerAuthentications"
  > {
  readonly scoping: ScopingInputs;
  /** The labels by which rules tell the places of callers apart. */
  readonly placing: readonly string[];
  readonly own: OwnContext;
  readonly credentials: CredentialMesh;
  readonly extending: ExtensionMesh;
}

const SURROUNDINGS: FieldNames<Surroundings> = {
  scoping: true,
  placing: true,
  own: true,
  credentials: true,
  extending: true,
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

const OWN: FieldNames<OwnContext> = {
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

const EXTENDING: FieldNames<ExtensionMesh> = { extensions: true, config: true, wasmModules: true };

/** Finds that of a mesh: the same object until something in it changes, and each of its parts too. */
export function createSurroundings(
  engine: Engine,
  places: Pick<Places, "labelsAsked">,
): (mesh: Mesh) => Surroundings {
  const fieldsIn = <I extends object>(name: string, fields: FieldNames<I>): ((mesh: I) => I) =>
    engine.latestFields(name, fields, (mesh) => fieldsOf(mesh, fields));
  const scoping = fieldsIn("what decides scopes", SCOPING);
  const own = fieldsIn("own context", OWN);
  const credentials = fieldsIn("credentials of clients", CREDENTIALS);
  const extending = fieldsIn("what extends proxies", EXTENDING);
  const settled = engine.latestFields<Surroundings, Surroundings>(
    "surroundings of proxies",
    SURROUNDINGS,
    (surroundings) => surroundings,
  );
  return engine.latestOf("surroundings of proxies in a mesh", (mesh: Mesh) => {
    const { servicesByNamespace, servicesByAddress, ownRules, peerAuthentications } = mesh;
    return settled({
      scoping: scoping(mesh),
      placing: places.labelsAsked(mesh),
      own: own(mesh),
      credentials: credentials(mesh),
      extending: extending(mesh),
      servicesByNamespace,
      servicesByAddress,
      ownRules,
      peerAuthentications,
    });
  });
}
