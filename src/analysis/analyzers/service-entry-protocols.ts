import type { Analyzer, Report } from "../analyzer.js";
import { scopesOf } from "../host-scopes.js";
import { type AnalyzedOf, fullName } from "../resources.js";

type ServiceEntry = AnalyzedOf<"ServiceEntry">;

/** A host and a port, as a namespace sees them. */
interface HostPort {
  readonly host: string;
  readonly port: number;
  readonly scope: string;
  readonly uses: { readonly entry: ServiceEntry; readonly protocol: string }[];
}

const ALL = "*";

/** ServiceEntries that give the same port of the same host different protocols. */
export const serviceEntryProtocolAnalyzer: Analyzer = {
  name: "serviceentry.ConflictingServiceEntryProtocolAnalyzer",
  description: "whether ServiceEntries agree on the protocol of a port of a host",
  *analyze({ resources }) {
    const ports = hostPorts(resources.all("ServiceEntry"));
    const reported = new Set<ServiceEntry>();
    for (const { host, port, scope, uses } of ports.values()) {
      const common = scope === ALL ? [] : (ports.get(keyOf(ALL, host, port))?.uses ?? []);
      const all = [...uses, ...common];
      if (new Set(all.map(({ protocol }) => protocol)).size < 2) continue;
      const found = all.map(({ entry, protocol }) => {
        return `${fullName(entry)} (${protocol === "" ? "none" : protocol})`;
      });
      const message = `port ${port} of "${host}" has different protocols: ${[...new Set(found)].sort().join(", ")}; give it the same`;
      for (const { entry } of all) {
        if (!reported.has(entry)) yield reportOf(entry, message);
        reported.add(entry);
      }
    }
  },
};

function reportOf(resource: ServiceEntry, message: string): Report {
  return { resource, code: "IST0177", path: ["spec", "ports"], message };
}

function hostPorts(entries: readonly ServiceEntry[]): ReadonlyMap<string, HostPort> {
  const ports = new Map<string, HostPort>();
  for (const entry of entries) {
    for (const { scope, host, port, protocol } of portsOf(entry)) {
      const key = keyOf(scope, host, port);
      const known = ports.get(key) ?? { host, port, scope, uses: [] };
      ports.set(key, known);
      known.uses.push({ entry, protocol });
    }
  }
  return ports;
}

/** The ports of each host of a ServiceEntry, as each namespace that it is for sees them. */
function portsOf({
  namespace,
  spec,
}: ServiceEntry): readonly (Omit<HostPort, "uses"> & { readonly protocol: string })[] {
  const { exportTo, hosts = [], ports = [] } = spec;
  return scopesOf(exportTo, namespace).flatMap((scope) =>
    hosts.flatMap((host) =>
      ports.map(({ number: port = 0, protocol = "" }) => {
        return { scope, host, port, protocol: protocol.toUpperCase() };
      }),
    ),
  );
}

function keyOf(scope: string, host: string, port: number): string {
  return `${scope}/${host}:${port}`;
}
