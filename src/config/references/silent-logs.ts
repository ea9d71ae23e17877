import type { Table } from "../../base/table/table.js";
import type { Finding } from "../kind.js";
import type { ResourceOf } from "../kinds.js";
import type { MeshConfig } from "../mesh-config/mesh-config.js";

/** A Telemetry that is to switch off logs, and switches off none. */
const CODE = "nothing-disabled";

/** The part of the mesh configuration that says which logs there are without Telemetries. */
export interface MeshLogs {
  /** Empty for none. */
  readonly file: string;
  /** Whether there are default providers, of which Telemetries speak that name none. */
  readonly hasDefaults: boolean;
  readonly rootNamespace: string;
}

/** What the mesh configuration says of logs. */
export const meshLogsOf = (config: MeshConfig): MeshLogs => ({
  file: config.accessLogFile,
  hasDefaults: (config.defaultProviders.accessLogging ?? []).length > 0,
  rootNamespace: config.rootNamespace,
});

/** The namespaces of Telemetries that name providers for logs, sorted. */
export function namespacesWithLogs(telemetries: Table<ResourceOf<"Telemetry">>): readonly string[] {
  const naming = [...telemetries.values()].filter(({ spec }) =>
    (spec.accessLogging ?? []).some(({ providers = [] }) => providers.length > 0),
  );
  return [...new Set(naming.map(({ metadata }) => metadata.namespace))].sort();
}

/**
 * A warning for the first word that logs are switched off, where it names no provider and none is named by default or by
 * Telemetries that count beside it: the log file of the mesh is of no provider then, and goes on, as with Istio.
 */
export function checkSilentLogs(
  { spec, metadata }: ResourceOf<"Telemetry">,
  { file, hasDefaults, rootNamespace }: MeshLogs,
  naming: readonly string[],
): readonly Finding[] {
  if (file === "" || hasDefaults) return [];
  if (naming.includes(metadata.namespace) || naming.includes(rootNamespace)) return [];
  const index = (spec.accessLogging ?? []).findIndex(({ disabled }) => disabled === true);
  if (index < 0) return [];
  const message =
    "the log in the mesh configuration's accessLogFile goes on, as no provider is named here or by default: " +
    'name the provider "envoy" to switch it off';
  const path = ["spec", "accessLogging", index, "disabled"];
  return [{ path, code: CODE, message, severity: "warning" }];
}
