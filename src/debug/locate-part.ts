import type { PartJson, SourceJson } from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { ConfigSnapshot } from "../config/snapshot.js";

const INDEX = /^\d+$/;

/** Where a part of a resource is written, as the debug API tells it. */
export function locatePart(
  { kind = "", namespace = "", name = "", path = [] }: PartJson,
  locate: ConfigSnapshot["locate"],
): SourceJson {
  const steps = path.map((step) => (INDEX.test(step) ? Number(step) : step));
  return { kind, namespace, name, ...locate({ kind, namespace, name }, steps) };
}
