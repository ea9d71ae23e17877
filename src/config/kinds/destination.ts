import { NonEmptyText, optional, strict, Text, Uint32, type ValueOf } from "./fields.js";

/** A port by its number. */
export const PortSelector = strict({ number: optional(Uint32) });
export type PortSelector = ValueOf<typeof PortSelector>;

/** Where traffic goes: a service of the registry, perhaps one subset and one port of it (Istio's Destination). */
export const Destination = strict({
  host: NonEmptyText,
  subset: optional(Text),
  port: optional(PortSelector),
});
export type Destination = ValueOf<typeof Destination>;
