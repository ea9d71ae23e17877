/** What the proxies of a fleet read of a resource: its name, its version, and what it refers to. Each version is read once. */
import { TYPE_URL } from "../../src/xds/resource.js";
import { forEachField, type Span, versionField } from "./discovery-wire.js";
import { type References, referencesOf, takesVirtualHosts } from "./references.js";

/** What the proxies of a fleet know of a resource. One object for all that were sent the same version. */
export interface KnownResource {
  readonly name: string;
  readonly references: References;
  /** Of a route configuration: its virtual hosts are resources of their own. */
  readonly takesVirtualHosts: boolean;
  /** All that a response says of it. */
  readonly field: Buffer;
  /** What a request says of a proxy that holds it. */
  readonly versionField: Buffer;
}

/** Makes a known resource of one that stands in a message. */
export type Learn = (typeUrl: string, message: Buffer, place: Span) => KnownResource;

function versionOf(message: Buffer, { start, end }: Span): string {
  let version = "";
  forEachField(message, start, end, (field, from, to) => {
    if (field === 1) version = message.toString("latin1", from, to);
  });
  return version;
}

/** Reads a field Resource of a DeltaDiscoveryResponse. */
function readResource(typeUrl: string, field: Buffer): KnownResource {
  let name = "";
  let content: Buffer = Buffer.alloc(0);
  forEachField(field, 0, field.length, (one, start, end) => {
    if (one === 3) name = field.toString("utf8", start, end);
    else if (one === 2) {
      forEachField(field, start, end, (inner, first, last) => {
        if (inner === 2) content = field.subarray(first, last);
      });
    }
  });
  return {
    name,
    references: referencesOf(typeUrl, content),
    takesVirtualHosts: typeUrl === TYPE_URL.route && takesVirtualHosts(content),
    field,
    versionField: versionField(name, versionOf(field, { start: 0, end: field.length })),
  };
}

/** Nothing is known yet. The server gives equal versions to equal contents alone, names and all. */
export function createKnownResources(): Learn {
  const known = new Map<string, Map<string, KnownResource>>();
  return (typeUrl, message, place) => {
    const ofType = known.get(typeUrl) ?? new Map<string, KnownResource>();
    known.set(typeUrl, ofType);
    const version = versionOf(message, place);
    const before = ofType.get(version);
    if (before !== undefined) return before;
    const resource = readResource(typeUrl, Buffer.from(message.subarray(place.start, place.end)));
    ofType.set(version, resource);
    return resource;
  };
}
