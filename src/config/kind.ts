import type { TSchema } from "typebox";
import type { Severity } from "../base/diagnostic.js";
import type { ConfigResource } from "./resource.js";

/** Where in a resource: member names and list indexes, from the resource's root (`["spec", "http", 0, "route"]`). */
export type Path = readonly (string | number)[];

/** Something wrong in one resource; the reader adds file, line and column. */
export interface Finding {
  readonly path: Path;
  readonly code: string;
  /** What is wrong, what was found, what would be right; lower case, no full stop. */
  readonly message: string;
  /** `error` when absent: the resource does not take effect. */
  readonly severity?: Severity;
}

/**
 * What fairlead knows of one kind: how it is named, what its fields are, and what a schema cannot say. One file a kind
 * under kinds/.
 */
export interface KindDefinition<Spec = unknown> {
  /** The name of the kind, which no other kind has. */
  readonly kind: string;
  /** How files call it, where that is the name of another kind, of another group; `kind` when absent. */
  readonly writtenAs?: string;
  /** The API group; `""` for core. */
  readonly group: string;
  /** The versions served, newest first. */
  readonly versions: readonly string[];
  /** What it is called for short on a command line, as kubectl has it of the kind's definition. */
  readonly shortNames?: readonly string[];
  /** true for kinds that have no namespace (Namespace). */
  readonly clusterScoped?: boolean;
  /** `spec`: the schema is that of the `spec` field; `document`: of all top-level fields but apiVersion, kind, metadata, status. */
  readonly body: "spec" | "document";
  readonly schema: TSchema;
  /** What a body means that Istio reads though it is not of the schema; the body itself where that changes nothing. */
  readonly meant?: (body: unknown) => unknown;
  readonly status?: TSchema;
  /**
   * What is in force of a resource with errors that never was without: another spec, and in words what that does. Absent
   * for the kinds of which nothing is.
   */
  readonly whenWrong?: {
    readonly spec: (resource: ConfigResource) => object | undefined;
    readonly effect: string;
  };
  /** The rules between fields, as Istio's validation has them; order of findings is the order of the fields. */
  readonly check?: (resource: ConfigResource<Spec>) => readonly Finding[];
}
