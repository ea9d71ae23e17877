import { TYPE_URL } from "../../src/xds/resource.js";
import type { ReceivedResource } from "./discovery-wire.js";
import { type References, referencesOf, takesVirtualHosts } from "./references.js";

/** What the proxies of a fleet know of a resource. One object for all that were sent the same version. */
export interface KnownResource {
  readonly name: string;
  readonly version: string;
  readonly references: References;
  /** Of a route configuration: its virtual hosts are resources of their own. */
  readonly takesVirtualHosts: boolean;
  /** All that a response says of it. */
  readonly field: Buffer;
}

/** Makes a known resource of one that was received. */
export type Learn = (typeUrl: string, received: ReceivedResource) => KnownResource;

/** Nothing is known yet. The server gives equal versions to equal contents alone. */
export function createKnownResources(): Learn {
  const known = new Map<string, KnownResource>();
  return (typeUrl, received) => {
    const { name, version, content, field } = received;
    const key = `${version} ${name} ${typeUrl}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const resource = {
      name,
      version,
      references: referencesOf(typeUrl, content),
      takesVirtualHosts: typeUrl === TYPE_URL.route && takesVirtualHosts(content),
      field: Buffer.from(field),
    };
    known.set(key, resource);
    return resource;
  };
}
