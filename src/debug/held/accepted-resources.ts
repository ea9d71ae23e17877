/** What a proxy has accepted, as JSON and without secrets. */
import {
  type DescMessage,
  fromBinary,
  type JsonObject,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { typeNameIn } from "../../base/protobuf/type-url.js";
import { inSlices } from "../../base/steps/in-slices.js";
import { type EncodedResource, TYPE_URL } from "../../xds/resource.js";
import type { Quarantined, StreamStatus } from "../../xds/state/status/stream-status.js";
import type { Observed } from "../observed.js";
import { Redactor } from "./redact.js";
import { selectedFields } from "./selected-fields.js";

/** A resource that a proxy has accepted, or has refused. */
export interface ShownResource {
  readonly name: string;
  /** Canonical protobuf JSON with its `@type`, and its version; absent when none was accepted. */
  readonly accepted?: { readonly json: JsonObject; readonly version: string };
  /** The version that it refused since. */
  readonly refused?: Quarantined;
  /** When the proxy accepted something of its type the last time, in milliseconds since 1970. */
  readonly updatedAt: number;
}

/** What is read of a type. */
export interface WantedType {
  readonly typeUrl: string;
  /** Of each resource the fields of these names in JSON; all when there are none. */
  readonly fields: readonly string[];
  /** Texts that are all in the name of a resource that is read, whatever the case. */
  readonly nameParts: readonly string[];
}

/** Reads what a proxy has accepted of some types, all of all that are shown when none are named; each type sorted by name. */
export type ReadAccepted = (
  stream: StreamStatus,
  observed: Pick<Observed, "accepted">,
  wanted?: readonly WantedType[],
) => Promise<ReadonlyMap<string, readonly ShownResource[]>>;

/** The types that are shown. */
const ALL_SHOWN: readonly WantedType[] = Object.values(TYPE_URL).map((typeUrl) => ({
  typeUrl,
  fields: [],
  nameParts: [],
}));

/** A reader of resources whose types are in a registry. */
export function createReadAccepted(registry: Registry): ReadAccepted {
  const redactor = new Redactor(registry);
  const jsonOf = (
    schema: DescMessage,
    { typeUrl, fields }: WantedType,
    bytes: Buffer,
  ): JsonObject => {
    const message = fromBinary(schema, selectedFields(schema, bytes, fields));
    const json = toJson(schema, message, { registry });
    return { "@type": typeUrl, ...redactor.redact(schema, json as JsonObject) };
  };
  /** Reads those of a type, one a step. */
  function* read(
    wanted: WantedType,
    resources: readonly EncodedResource[],
    stream: StreamStatus,
  ): Generator<void, readonly ShownResource[]> {
    const { typeUrl, nameParts } = wanted;
    const parts = nameParts.map((part) => part.toLowerCase());
    const isWanted = ({ name }: { readonly name: string }): boolean =>
      parts.length === 0 || parts.every((part) => name.toLowerCase().includes(part));
    const schema = registry.getMessage(typeNameIn(typeUrl));
    const type = stream.types.find((one) => one.typeUrl === typeUrl);
    if (schema === undefined || type === undefined) return [];
    const updatedAt = type.lastAcked?.at ?? type.resumedAt ?? stream.openedAt;
    const refusals = new Map(type.quarantined.filter(isWanted).map((one) => [one.name, one]));
    const shown: ShownResource[] = [];
    for (const { name, version, bytes } of resources.filter(isWanted)) {
      const refused = refusals.get(name);
      refusals.delete(name);
      const accepted = { json: jsonOf(schema, wanted, bytes), version };
      shown.push({ name, accepted, updatedAt, ...(refused === undefined ? {} : { refused }) });
      yield;
    }
    const never = [...refusals].map(([name, refused]) => ({ name, refused, updatedAt }));
    return [...shown, ...never];
  }
  return async (stream, observed, types = ALL_SHOWN) => {
    // Taken at one moment: while they are written out, the proxy may accept others.
    const taken = types.map((one) => [one, observed.accepted(stream.stream, one.typeUrl)] as const);
    const shown = new Map<string, readonly ShownResource[]>();
    for (const [one, resources] of taken) {
      shown.set(one.typeUrl, await inSlices(read(one, resources, stream)));
    }
    return shown;
  };
}
