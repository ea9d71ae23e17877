/**
 * Which virtual host keeps a domain that several have: Envoy refuses a route configuration in which two have the same domain,
 * whatever the case of its letters. A host that makes the domain for itself goes before one that makes it for others; then a
 * host's own name, its first domain, goes before other names; then the first host by name keeps it.
 */
import type { Engine, Folded } from "../../base/engine/engine.js";
import { GroupEdits } from "../../base/engine/grouping.js";
import { Table } from "../../base/table/table.js";
import { ABSENT } from "../../base/table/trie.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import type { EnvoyResource } from "../resource/resource-set.js";
import { domainKey } from "../route/route-configuration.js";
import type { HostResource } from "./virtual-hosts.js";

type Hosts = Table<HostResource>;

/** Virtual hosts by their domains (`domainKey`), then by name. */
export interface DomainIndex<Host = HostResource> {
  readonly all: Table<Table<Host>>;
  /** The domains that several have. */
  readonly repeated: Table<Table<Host>>;
  /** Those that speak of per-route filters, by name. */
  readonly withFilters: Table<Host>;
}

/** Some virtual hosts, and their index. */
export type IndexedHosts = Folded<HostResource, DomainIndex>;

/** How some virtual hosts differ from what each would have by itself. */
export interface DomainLosses {
  /** Those with fewer domains, by name. */
  readonly stripped: Hosts;
  /** The names of those that have none left. */
  readonly dropped: readonly string[];
}

/** The indexer of virtual hosts; it may begin with the index of others, most of which are the same. */
export function createDomainIndex<Host extends EnvoyResource>(
  engine: Engine,
): (hosts: Table<Host>, from?: Folded<Host, DomainIndex<Host>>) => DomainIndex<Host> {
  return engine.fold<Host, DomainIndex<Host>>(
    "virtual hosts by domain",
    { all: Table.empty(), repeated: Table.empty(), withFilters: Table.empty() },
    ({ all, repeated, withFilters }, changes) => {
      const edits = new GroupEdits<Host>();
      const edited: (readonly [name: string, host: Host | typeof ABSENT])[] = [];
      for (const { key, before, after } of changes) {
        if (before !== undefined) edits.remove(before.exclusive ?? [], key);
        if (after !== undefined) edits.set(after.exclusive ?? [], key, after);
        if (after?.filters !== undefined) edited.push([key, after]);
        else if (before?.filters !== undefined) edited.push([key, ABSENT]);
      }
      const next = edits.appliedTo(all);
      const followed = [...edits.groups()].map(
        (domain) => [domain, repeatedAt(next, domain)] as const,
      );
      return {
        all: next,
        repeated: repeated.edited(followed),
        withFilters: withFilters.edited(edited),
      };
    },
  );
}

/** The hosts that have a domain, if there are several. */
function repeatedAt<Host>(all: Table<Table<Host>>, domain: string): Table<Host> | typeof ABSENT {
  const hosts = all.get(domain);
  return hosts !== undefined && hosts.size > 1 ? hosts : ABSENT;
}

/** Finds out which hosts lose domains to others. */
export function createDomainLosses(
  engine: Engine,
  encoder: Encoder,
): (index: DomainIndex) => DomainLosses {
  const losses = engine.latestOf("virtual hosts that lose domains", (repeated: Table<Hosts>) =>
    lossesOf(encoder, repeated),
  );
  return ({ repeated }) => losses(repeated);
}

function lossesOf(encoder: Encoder, repeated: Table<Hosts>): DomainLosses {
  const owners = new Map<string, string>();
  const losers = new Map<string, HostResource>();
  repeated.forEach((hosts, domain) => {
    const owner = ownerOf(domain, hosts);
    owners.set(domain, owner);
    for (const [name, host] of hosts) if (name !== owner) losers.set(name, host);
  });
  let stripped: Hosts = Table.empty();
  const dropped: string[] = [];
  for (const [name, host] of losers) {
    const kept = host.domains.filter((domain) => {
      const owner = owners.get(domainKey(host.routeName, domain));
      return owner === undefined || owner === name;
    });
    if (kept.length === 0) dropped.push(name);
    else stripped = stripped.with(name, strippedHost(encoder, host, kept));
  }
  return { stripped, dropped };
}

/** The name of the host that keeps a domain. */
function ownerOf(domain: string, hosts: Hosts): string {
  const named = hosts.sorted();
  const isOwnName = ({ routeName, domains: [own], ofOthers }: HostResource): boolean =>
    ofOthers !== true && own !== undefined && domainKey(routeName, own) === domain;
  const [name = ""] =
    named.find(([, host]) => isOwnName(host)) ??
    named.find(([, { ofOthers }]) => ofOthers !== true) ??
    named[0] ??
    [];
  return name;
}

/** A virtual host with fewer domains. */
function strippedHost(
  encoder: Encoder,
  host: HostResource,
  domains: readonly string[],
): HostResource {
  const { bytes, version } = encoder.edit(MESSAGE.virtualHost, host.bytes, { domains });
  const exclusive = domains.map((domain) => domainKey(host.routeName, domain));
  return { ...host, domains, exclusive, bytes, version };
}
