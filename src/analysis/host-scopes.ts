import type { TextMap } from "../config/kinds/value/fields.js";
import { hostsOf } from "../config/references/host-names.js";
import { exportToOf } from "../config/visibility.js";
import { isSubsetOf, isWildcard, resolveShortName, serviceHostname } from "../mesh/hostname.js";
import type { AnalyzedOf, Resources } from "./resources.js";

/** A host that a Service or a ServiceEntry stands for. */
export interface KnownHost {
  readonly ports: readonly number[];
  /** The labels of the workloads behind a ServiceEntry that selects some. */
  readonly selector: TextMap;
  /** The labels of the endpoints that a ServiceEntry lists. */
  readonly endpoints: readonly TextMap[];
  /** The wildcard of a ServiceEntry whose hosts are looked up when they are called. */
  readonly lookedUp?: string;
}

/** Who asks for a host. */
export interface HostQuery {
  readonly host: string;
  /** The namespace of the resource that names the host. */
  readonly namespace: string;
  /** The namespaces for which that resource is. */
  readonly exportTo: readonly string[] | undefined;
}

/** The hosts that there are, by the namespace that sees them; `*` is every namespace. */
export interface HostScopes {
  /** The host that a resource names, if the namespaces for which the resource is see one. */
  readonly find: (query: HostQuery) => KnownHost | undefined;
  /** Whether those namespaces see a host that a wildcard stands for. */
  readonly findsAnyOf: (query: HostQuery) => boolean;
}

const ALL = "*";
const OWN = ".";
const DOMAIN = "cluster.local";
/** The annotation by which a Kubernetes service says who sees it. */

/** A host as a namespace sees it. */
interface ScopedHost {
  /** The namespace, or `*`. */
  readonly scope: string;
  /** In lower case, as names are whatever case they are written in. */
  readonly host: string;
  readonly known: KnownHost;
}

/** The hosts of Services and ServiceEntries. */
export function createHostScopes(resources: Resources): HostScopes {
  // Of the same host a Service counts before a ServiceEntry, and the later of two ServiceEntries.
  const all = [
    ...resources.all("ServiceEntry").flatMap(hostsOfEntry),
    ...resources.all("Service").flatMap(hostsOfService),
  ];
  const exact = new Map(all.map((one) => [`${one.scope}/${one.host}`, one.known]));
  const wildcards = all.filter(({ host }) => isWildcard(host));
  return {
    find: ({ host, namespace, exportTo }) => {
      const names = hostsOf(host, namespace);
      const keys = [ALL, ...scopesOf(exportTo, namespace, OWN)].flatMap((scope) =>
        names.map((name) => `${scope}/${name}`),
      );
      const key = keys.find((one) => exact.has(one));
      if (key !== undefined) return exact.get(key);
      const suffix = host.replace(/^\*/, "").toLowerCase();
      return wildcards.find(
        (one) =>
          (one.scope === ALL || one.scope === namespace) && suffix.endsWith(one.host.slice(1)),
      )?.known;
    },
    findsAnyOf: ({ host, namespace, exportTo }) => {
      const scopes = [ALL, ...scopesOf(exportTo, namespace, OWN)];
      return all.some((one) => scopes.includes(one.scope) && isSubsetOf(one.host, host));
    },
  };
}

function hostsOfEntry({ namespace, spec }: AnalyzedOf<"ServiceEntry">): readonly ScopedHost[] {
  const { hosts = [], ports = [], endpoints = [], exportTo, workloadSelector } = spec;
  const isLookedUp = spec.resolution === "DYNAMIC_DNS";
  const known: KnownHost = {
    ports: ports.map(({ number = 0 }) => number),
    selector: workloadSelector?.labels ?? {},
    endpoints: endpoints.map(({ labels }) => labels ?? {}),
  };
  return scopesOf(exportTo, namespace).flatMap((scope) =>
    hosts.map((host) => ({
      scope,
      host: resolveShortName(host, namespace, DOMAIN).toLowerCase(),
      known: isLookedUp ? { ...known, lookedUp: host } : known,
    })),
  );
}

function hostsOfService(service: AnalyzedOf<"Service">): readonly ScopedHost[] {
  const { name, namespace, annotations, spec } = service;
  const ports = (spec.ports ?? []).map(({ port = 0 }) => port);
  const known = { ports, selector: {}, endpoints: [] };
  const host = serviceHostname(name, namespace, DOMAIN);
  return scopesOf(exportToOf(annotations), namespace).map((scope) => ({ scope, host, known }));
}

/** The namespaces that `exportTo` means, `byDefault` when it says nothing; `*` alone when it means all. */
export function scopesOf(
  exportTo: readonly string[] | undefined,
  namespace: string,
  byDefault: string = ALL,
): readonly string[] {
  const given = exportTo === undefined || exportTo.length === 0 ? [byDefault] : exportTo;
  if (given.includes(ALL)) return [ALL];
  return [...new Set(given.map((scope) => (scope === OWN ? namespace : scope)))];
}
