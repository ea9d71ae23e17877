/** What a proxy has accepted, as JSON and without secrets. */
import { setImmediate } from "node:timers/promises";
import {
  type DescMessage,
  fromBinary,
  type JsonObject,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { type EncodedResource, TYPE_URL } from "../xds/resource.js";
import type { Quarantined, StreamStatus } from "../xds/stream-status.js";
import type { Observed } from "./observed.js";
import { Redactor } from "./redact.js";

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

/** Reads what a proxy has accepted of some types, of all that are shown when none are named; each type sorted by name. */
export type ReadAccepted = (
  stream: StreamStatus,
  observed: Pick<Observed, "accepted">,
  typeUrls?: readonly string[],
) => Promise<ReadonlyMap<string, readonly ShownResource[]>>;

/** The types that are shown. */
const SHOWN_TYPES = Object.values(TYPE_URL);

/** Reading resources takes time; so many are read before others get a turn. */
const SLICE = 64;

/** A reader of resources whose types are in a registry. */
export function createReadAccepted(registry: Registry): ReadAccepted {
  const redactor = new Redactor(registry);
  const jsonOf = (schema: DescMessage, typeUrl: string, bytes: Buffer): JsonObject => {
    const json = toJson(schema, fromBinary(schema, bytes), { registry });
    return { "@type": typeUrl, ...redactor.redact(schema, json as JsonObject) };
  };
  const read = async (
    typeUrl: string,
    resources: readonly EncodedResource[],
    stream: StreamStatus,
  ): Promise<readonly ShownResource[]> => {
    const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    const type = stream.types.find((one) => one.typeUrl === typeUrl);
    if (schema === undefined || type === undefined) return [];
    const updatedAt = type.lastAcked?.at ?? type.resumedAt ?? stream.openedAt;
    const refusals = new Map(type.quarantined.map((one) => [one.name, one]));
    const shown: ShownResource[] = [];
    for (const [index, { name, version, bytes }] of resources.entries()) {
      if (index % SLICE === SLICE - 1) await setImmediate();
      const refused = refusals.get(name);
      refusals.delete(name);
      const accepted = { json: jsonOf(schema, typeUrl, bytes), version };
      shown.push({ name, accepted, updatedAt, ...(refused === undefined ? {} : { refused }) });
    }
    const never = [...refusals].map(([name, refused]) => ({ name, refused, updatedAt }));
    return [...shown, ...never];
  };
  return async (stream, observed, typeUrls = SHOWN_TYPES) => {
    // Taken at one moment: while they are written out, the proxy may accept others.
    const taken = typeUrls.map((url) => [url, observed.accepted(stream.stream, url)] as const);
    const shown = new Map<string, readonly ShownResource[]>();
    for (const [url, resources] of taken) shown.set(url, await read(url, resources, stream));
    return shown;
  };
}
