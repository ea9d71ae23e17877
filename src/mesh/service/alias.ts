/** Kubernetes Services of type ExternalName that are other names of services in the mesh. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { VirtualService } from "../routing/virtual-service.js";
import { chooseService } from "./choose-service.js";
import type { Service } from "./service.js";

/** The host that a service is another name of; undefined when it is none. */
const targetOf = ({ kubernetes, external, endpoints }: Service): string | undefined =>
  kubernetes && external ? endpoints[0]?.address : undefined;

/** A service under another name: it has the ports of the service that it stands for, and calls go there. */
function aliasOf(alias: Service, target: Service): Service {
  const { source } = target;
  const ports = target.ports.map((port) => ({ source, ...port }));
  const ownPorts = alias.ports.map(({ number }) => number);
  return { ...alias, ports, aliasOf: target.hostname, ownPorts };
}

/** The hosts that aliases stand for at last, by alias: one may name another alias. Those that name each other stand for none. */
function ends(named: Table<string>): Table<string> {
  const endOf = (alias: string): string | undefined => {
    const seen = new Set<string>();
    let host = alias;
    for (let next = named.get(host); next !== undefined; next = named.get(host)) {
      if (seen.has(host)) return undefined;
      seen.add(host);
      host = next;
    }
    return host;
  };
  return Table.from(
    [...named.keys()].flatMap((alias) => {
      const end = endOf(alias);
      return end === undefined ? [] : [[alias, end] as const];
    }),
  );
}

/** The finder of the services that aliases stand for, by alias. */
function createTargets(
  engine: Engine,
): (aliases: Table<Table<Service>>, services: Table<Service>) => Table<Table<Service>> {
  const names = engine.derive<[Table<Service>], [], string>(
    "hosts that aliases name",
    (_host, [aliases]) => [...(aliases?.values() ?? [])].map(targetOf)[0],
  );
  const found = engine.latestOf("hosts that aliases stand for", ends);
  const byEnd = engine.group<string>("aliases by the host at their end", (end) => [end]);
  const byHost = engine.group<Service>("targets of aliases by host", (service) =>
    targetOf(service) === undefined ? [service.hostname] : [],
  );
  const targets = engine.derive<[Table<string>, Table<Service>], [], Table<Table<Service>>>(
    "targets of aliases",
    (_end, [aliases, ofHost]) =>
      aliases && ofHost && Table.from([...aliases.keys()].map((alias) => [alias, ofHost] as const)),
  );
  const flat = engine.flatten<Table<Service>>("targets by alias");
  return (aliases, services) => flat(targets([byEnd(found(names([aliases]))), byHost(services)]));
}

/**
 * Services with aliases resolved, both by `serviceKey`. An ExternalName that names no host of the mesh stays what it is: a
 * name that is asked of DNS. See Istio, ENABLE_EXTERNAL_NAME_ALIAS and resolveServiceAliases.
 */
export function createAliases(engine: Engine): (services: Table<Service>) => Table<Service> {
  const byName = engine.group<Service>("aliases by name", (service) =>
    targetOf(service) === undefined ? [] : [service.hostname],
  );
  const targetsOf = createTargets(engine);
  const resolve = engine.derive<[Table<Service>, Table<Service>], [], Table<Service>>(
    "aliases",
    (_host, [aliases, targets]) => {
      const resolved = [...(aliases ?? [])].flatMap(([key, alias]) => {
        const target = chooseService(targets, alias.namespace);
        return target === undefined ? [] : [[key, aliasOf(alias, target)] as const];
      });
      return resolved.length === 0 ? undefined : Table.from(resolved);
    },
  );
  const flat = engine.flatten<Service>("aliases by service");
  const merge = engine.derive<[Service, Service], [], Service>(
    "services with aliases",
    (_key, [service, alias]) => (service === undefined ? undefined : (alias ?? service)),
  );
  return (services) => {
    const aliases = byName(services);
    return merge([services, flat(resolve([aliases, targetsOf(aliases, services)]))]);
  };
}

type VirtualServices = readonly VirtualService[];

const NONE: VirtualServices = [];

/**
 * VirtualServices by host, with those of the host that an alias stands for behind its own: requests by either name are
 * routed alike where nothing is said of the alias. See Istio, ServiceAttributes.Aliases.
 */
export function createAliasRouting(
  engine: Engine,
): (byHost: Table<VirtualServices>, services: Table<Service>) => Table<VirtualServices> {
  const byTarget = engine.group<Service>(
    "aliases by the host they stand for",
    ({ aliasOf: host }) => (host === undefined ? [] : [host]),
  );
  const passedOn = engine.derive<[Table<Service>, VirtualServices], [], Table<VirtualServices>>(
    "virtual services that aliases share",
    (_target, [aliases, shared]) =>
      aliases && shared && Table.from([...aliases.values()].map((one) => [one.hostname, shared])),
  );
  const byAlias = engine.flatten<VirtualServices>("virtual services by alias");
  const both = engine.derive<[VirtualServices, VirtualServices], [], VirtualServices>(
    "virtual services of hosts and aliases",
    (_host, [own, shared]) => (shared === undefined ? own : [...(own ?? NONE), ...shared]),
    sameElements,
  );
  return (byHost, services) => both([byHost, byAlias(passedOn([byTarget(services), byHost]))]);
}

/** Of the VirtualServices for a host those that do not name it as but another name of a host; all of them where it is none. */
export const forTarget = (
  hostname: string,
  { aliasOf = hostname }: Service,
  virtualServices: VirtualServices,
): VirtualServices =>
  virtualServices.filter(({ hosts }) => !hosts.includes(hostname) || hosts.includes(aliasOf));
