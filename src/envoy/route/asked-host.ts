/** On-demand virtual hosts: which virtual host takes the requests for a name, and a copy of it for that name alone. */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { textField } from "../../base/protobuf/message-field.js";
import { versionOf } from "../../base/version.js";
import { isProxyRoute } from "../names.js";
import type { EnvoyResource } from "../resource/resource-set.js";
import { domainKey } from "./route-configuration.js";

/** The numbers of the fields `name` and `domains` in VirtualHost. */
const NAME_FIELD = 1;
const DOMAINS_FIELD = 2;

/** What a client asks for: `80/reviews:80` is for requests by the name `reviews:80` in the route configuration `80`. */
export interface AskedHost {
  readonly name: string;
  readonly routeName: string;
  /** The name of requests without the port, where that does not count. */
  readonly host: string;
  /** As a domain it would be more than itself. */
  readonly isWildcard: boolean;
}

const ASKED = /^(.+)\/([^/\s]+)$/;
const PORT = /:\d+$/;

/** Of names in DNS with a port; what is longer is taken by no wildcard but `*`. */
const MAX_NAME_LENGTH = 260;

/** Reads a resource name by which a virtual host is asked for; undefined of what no request could ask for. */
export function parseAskedHost(name: string): AskedHost | undefined {
  const [, routeName, authority] = ASKED.exec(name) ?? [];
  if (routeName === undefined || authority === undefined) return undefined;
  const host = (isProxyRoute(routeName) ? authority : authority.replace(PORT, "")).toLowerCase();
  const isWildcard = host.startsWith("*") || host.endsWith("*");
  return { name, routeName, host, isWildcard };
}

/**
 * The domains that take requests for a host, the one that counts first: the host itself, then the longest wildcard at the
 * front, then the longest at the end, then `*`. See Envoy, VirtualHost.domains.
 */
export function* domainsFor(host: string): Generator<string> {
  yield host;
  if (host.length <= MAX_NAME_LENGTH) {
    for (let start = 1; start < host.length; start++) yield `*${host.slice(start)}`;
    for (let end = host.length - 1; end > 0; end--) yield `${host.slice(0, end)}*`;
  }
  yield "*";
}

/** A virtual host for just one of its names, or for a name that a wildcard of it matches. */
export function hostFor(
  { bytes, clusters, sources, sourcePath, patched }: EnvoyResource,
  routeName: string,
  host: string,
): EnvoyResource {
  const name = `${routeName}/${host}`;
  const content = Buffer.concat([
    textField(NAME_FIELD, name),
    textField(DOMAINS_FIELD, host),
    ...otherFields(bytes),
  ]);
  return {
    name,
    bytes: content,
    version: versionOf(content),
    exclusive: [domainKey(routeName, host)],
    ...(clusters === undefined ? {} : { clusters }),
    ...(sources === undefined ? {} : { sources }),
    ...(sourcePath === undefined ? {} : { sourcePath }),
    ...(patched === undefined ? {} : { patched }),
  };
}

/** A virtual host's fields as they are encoded, without its name and domains. */
function otherFields(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new BinaryReader(bytes);
  const fields: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    reader.skip(wireType);
    const isOwn = wireType === WireType.LengthDelimited && field <= DOMAINS_FIELD;
    if (!isOwn) fields.push(bytes.subarray(start, reader.pos));
  }
  return fields;
}

/**
 * A virtual host that matches no request, as there are spaces in its domain. It is the answer for a name that another virtual host
 * takes already, or that none may take.
 */
export function idleHost(name: string): EnvoyResource {
  const domain = `no request is for ${name} .`;
  const bytes = Buffer.concat([textField(NAME_FIELD, name), textField(DOMAINS_FIELD, domain)]);
  return { name, bytes, version: versionOf(bytes) };
}

/** A virtual host for a route configuration to start with: Envoy waits until it has one. */
export function firstHost(routeName: string): EnvoyResource {
  return idleHost(`${routeName}/on demand`);
}
