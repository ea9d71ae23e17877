/** What `up` tells, as lines of text. */
import type { Settled } from "../../app/update/followed-update.js";
import type { ProxyStatus, Update } from "../../app.js";
import type { Diagnostic } from "../../base/diagnostic.js";
import { columns } from "../../base/text/columns.js";
import { plural } from "../../base/text/counted.js";
import type { Kind } from "../../config/kinds.js";
import { formatRef, keyOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { StandIn } from "../../mesh/service/stand-in.js";
import type { DesiredMesh } from "../desired-mesh.js";
import type { EchoFailure } from "../echo/echo-listeners.js";
import { isMade } from "../made/made.js";
import type { RunningPod } from "../pods/pod-plan.js";
import { podId } from "../pods/pods.js";
import type { PodProxy } from "../pods/proxy-kind.js";
import type { TryLine } from "./try-lines.js";

const MAX_NAMED = 3;

const SIDECAR: Readonly<Record<PodProxy, string>> = {
  sidecar: "yes",
  router: "gateway",
  none: "no",
};

/** The table of pods: where each is, and whether its proxy has all that it should have. */
export function podTable(
  pods: readonly RunningPod[],
  proxies: readonly ProxyStatus[],
): readonly string[] {
  const statuses = new Map(proxies.map((proxy) => [proxy.id, proxy]));
  const rows = pods.map((running) => {
    const { name, namespace, addresses, proxy } = running.pod;
    const synced = syncedText(running, statuses.get(podId(running.pod)));
    return [name, namespace, addresses.pod, SIDECAR[proxy], synced];
  });
  return columns([["POD", "NAMESPACE", "ADDRESS", "SIDECAR", "SYNCED"], ...rows]);
}

function syncedText({ pod, ready }: RunningPod, status: ProxyStatus | undefined): string {
  if (pod.proxy === "none") return "-";
  if (status?.lastNack !== undefined) return "refused";
  return ready && status?.synced === true ? "yes" : "no";
}

/** What proxies said that refused something, a line for each of the first few. */
export function refusalLines(proxies: readonly ProxyStatus[]): readonly string[] {
  const refusing = proxies.flatMap(({ id, lastNack }) =>
    lastNack === undefined ? [] : [`${id} refused what it was sent: ${lastNack.trim()}`],
  );
  const more = refusing.length - MAX_NAMED;
  return [
    ...refusing.slice(0, MAX_NAMED),
    ...(more > 0 ? [`and ${more} more ${plural(more, "proxy")}`] : []),
  ];
}

/** What `up` added to what the files declare, and why: a line for each. */
export function noticeLines(
  { madeGateways, credentials, clientCredentials, undeclaredNamespaces }: DesiredMesh,
  standIns: readonly StandIn[],
): readonly string[] {
  return [
    ...undeclaredNamespaces.map(
      (name) =>
        `no file declares the namespace ${name}: its workloads get sidecars, as with istio-injection: enabled`,
    ),
    ...madeGateways.flatMap(({ workload, servicePorts = [] }) => {
      const ports = servicePorts.map(({ port, targetPort }) => `${port}→${targetPort}`);
      const service = ports.length > 0 ? ` with a Service (${ports.join(", ")})` : "";
      return [
        `made a gateway, ${podId(workload)}${service}: no workload has the labels that Gateways select`,
      ];
    }),
    ...credentials.map(
      ({ namespace, name, hosts }) =>
        `made a development certificate for ${hosts.join(", ")}: there is no Secret ${name}.${namespace}`,
    ),
    ...(standIns.length === 0 ? [] : clientCredentials).map(
      ({ namespace, name, hosts }) =>
        `made a development credential for calls to ${hosts.join(", ")}: there is no Secret ${name}.${namespace}`,
    ),
    ...standIns.map(({ host, name, port, address, standInPort }) => {
      const called = host === name ? "" : ` (${host})`;
      return `made a stand-in for ${name}:${port}${called} at ${address}:${standInPort}; --no-stand-ins calls the real one`;
    }),
  ];
}

/** The commands to try, each below what it shows. */
export function tryText(lines: readonly TryLine[]): readonly string[] {
  return lines.flatMap(({ title, command }) => [`  # ${title}`, `  ${command}`]);
}

/** Whether a change is of something that the files declare, not of what `up` made; `made` has those that it ever made. */
export function isDeclared(
  { ref, action }: Update["changed"][number],
  tables: ResourceTables,
  made: ReadonlySet<string>,
): boolean {
  if (action === "removed") return !made.has(formatRef(ref));
  const row = tables[ref.kind as Kind].get(keyOf(ref));
  return row === undefined || !isMade(row);
}

/** What a change of the files changed; undefined when it changed nothing that is in force. */
export function changeText({ changed }: Pick<Update, "changed">): string | undefined {
  if (changed.length === 0) return undefined;
  return someOf(changed.map(({ ref, action }) => `${formatRef(ref)} ${action}`));
}

/** The first few of some names, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  return names.slice(0, MAX_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Who took a change, and how fast. */
export function settledText({ concerned, acknowledged, rejected, ms }: Settled): string {
  if (concerned === 0) return "concerns no proxy";
  const refused = rejected.length > 0 ? `, refused by ${rejected.join(", ")}` : "";
  const all = acknowledged === concerned ? "" : ` of ${concerned}`;
  return `acknowledged by ${acknowledged}${all} ${plural(concerned, "proxy")} in ${Math.round(ms)} ms${refused}`;
}

/** A diagnostic that is over: where it was and what was wrong, without what there was to do. */
export function solvedText({ position, message }: Diagnostic): string {
  const place = position === undefined ? "" : `${position.file}:${position.line}: `;
  return place + (message.split("; ", 1)[0] ?? message);
}

/** Which ports applications do not have, why, and what to do: a line for each port. */
export function portFailureLines(failures: readonly EchoFailure[]): readonly string[] {
  const groups = new Map<string, readonly EchoFailure[]>();
  for (const failure of failures) {
    const key = `${failure.listener.port} ${failure.code}`;
    groups.set(key, [...(groups.get(key) ?? []), failure]);
  }
  return [...groups.values()].map(portFailureText);
}

function portFailureText(failures: readonly EchoFailure[]): string {
  const [first] = failures;
  const port = first?.listener.port ?? 0;
  const names = failures.map(({ listener: { identity } }) =>
    "pod" in identity ? `${identity.pod}.${identity.namespace}` : identity.standInFor,
  );
  const problem = `port ${port} cannot be opened for ${someOf(names)}`;
  if (first?.code === "EACCES") {
    return `${problem}: ports below 1024 take a privilege here; run as root, or lower net.ipv4.ip_unprivileged_port_start`;
  }
  if (first?.code === "EADDRINUSE") {
    return `${problem}: another program listens on it for all addresses; end that, or have it listen on 127.0.0.1 alone`;
  }
  return `${problem}: ${first?.code ?? "unknown"}`;
}

/** `0.4 s`. */
export function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
