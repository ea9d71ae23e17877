/** The Services and ServiceEntries that routes can be attached to, and which of their ports a route means. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { ParentReference } from "../kinds/gateway-api/parents.js";
import type { ResourceOf } from "../kinds.js";
import type { ResourceTables } from "../snapshot.js";
import type { Refusal } from "./attachment.js";

/** A port of a parent. */
export interface ParentPort {
  readonly name: string;
  readonly number: number;
}

/** The ports of the parents of each kind, by `namespace/name`. */
export interface MeshParents {
  readonly Service: Table<readonly ParentPort[]>;
  readonly ServiceEntry: Table<readonly ParentPort[]>;
}

/** Finds the parents that there are in the mesh. */
export function createMeshParents(
  engine: Engine,
): (tables: Pick<ResourceTables, "Service" | "ServiceEntry">) => MeshParents {
  const services = engine.derive<[ResourceOf<"Service">], [], readonly ParentPort[]>(
    "ports of services as parents",
    (_key, [service]) =>
      service && (service.spec.ports ?? []).map(({ name = "", port }) => ({ name, number: port })),
    isDeepStrictEqual,
  );
  const entries = engine.derive<[ResourceOf<"ServiceEntry">], [], readonly ParentPort[]>(
    "ports of service entries as parents",
    (_key, [entry]) =>
      entry && (entry.spec.ports ?? []).map(({ name, number }) => ({ name, number })),
    isDeepStrictEqual,
  );
  return ({ Service, ServiceEntry }) => ({
    Service: services([Service]),
    ServiceEntry: entries([ServiceEntry]),
  });
}

/** Which of its parent's ports a route means: one by its name, its number or both, or `all`; or why it means none. */
export function meantPort(
  { sectionName, port }: Pick<ParentReference, "sectionName" | "port">,
  ports: readonly ParentPort[],
): { readonly port: number | "all" } | Omit<Refusal, "parent"> {
  if (sectionName === undefined && port === undefined) return { port: "all" };
  const named = ports.filter(({ name }) => sectionName === undefined || name === sectionName);
  if (named.length === 0 && sectionName !== undefined) {
    const names = ports.map(({ name }) => name).join(", ");
    const reason = `there is no port "${sectionName}": there is ${names}`;
    return { field: "sectionName", reason };
  }
  const meant = named.find(({ number }) => port === undefined || number === port);
  if (meant !== undefined) return { port: meant.number };
  const numbers = named.map(({ number }) => number).join(", ");
  return { field: "port", reason: `there is no port ${port ?? 0}: there is ${numbers}` };
}
