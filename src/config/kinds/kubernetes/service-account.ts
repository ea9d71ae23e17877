import type { KindDefinition } from "../../kind.js";
import { lenient, type ValueOf } from "../value/fields.js";

/** Nothing of a ServiceAccount but its metadata is read. */
export type ServiceAccountBody = ValueOf<typeof ServiceAccountBody>;
export const ServiceAccountBody = lenient({});

/** Kubernetes' ServiceAccount: the identity of workloads. */
export const serviceAccount = {
  kind: "ServiceAccount",
  group: "",
  versions: ["v1"],
  shortNames: ["sa"],
  body: "document",
  schema: ServiceAccountBody,
} as const satisfies KindDefinition<ServiceAccountBody>;
