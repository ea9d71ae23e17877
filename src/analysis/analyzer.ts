import type { Severity } from "../base/diagnostic.js";
import type { Path } from "../config/kind.js";
import type { MeshConfig } from "../config/mesh-config/mesh-config.js";
import type { MemberEnd } from "../config/reading/place.js";
import type { ResourceTables } from "../config/snapshot.js";
import type { HostScopes } from "./host-scopes.js";
import type { MessageCode } from "./messages.js";
import type { Analyzed, Resources } from "./resources.js";
import type { WorkloadIndex } from "./workload-index.js";

/** What analyzers look at. */
export interface AnalysisContext {
  readonly resources: Resources;
  readonly meshConfig: MeshConfig;
  /** What runs, or is going to, as far as the resources say. */
  readonly workloads: WorkloadIndex;
  /** The hosts that there are, and who sees them. */
  readonly hosts: HostScopes;
  /** The resources in force, with the Gateways and VirtualServices that others of them mean. Made when it is asked for. */
  readonly made: () => ResourceTables;
  /** The moment for which it is asked whether certificates are valid. */
  readonly now: Date;
}

/** Something that is wrong, or probably not meant. */
export interface Report {
  readonly resource: Analyzed;
  readonly code: MessageCode;
  /** How bad it is, when that is not what the code says. */
  readonly severity?: Severity;
  /** Where in the resource. */
  readonly path: Path;
  /** Which end of the member at `path` is to be looked at; what it says when absent. */
  readonly end?: MemberEnd;
  /** What is wrong, what was found, what would be right; lower case, no full stop. */
  readonly message: string;
}

/** Looks for mistakes of one sort. */
export interface Analyzer {
  /** As Istio calls it. */
  readonly name: string;
  /** What it checks, after the words "checks". */
  readonly description: string;
  /** The kind, as it is written, of whose resources it tells what was found when they were read. */
  readonly reads?: string;
  readonly analyze: (context: AnalysisContext) => Iterable<Report>;
}
