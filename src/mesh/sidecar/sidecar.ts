/** Sidecar resources: what the proxies of some workloads accept and reach. */
import type { Table } from "../../base/table/table.js";
import type { OutboundTrafficPolicy } from "../../config/kinds/networking/sidecar/sidecar.js";
import type { IstioEgressListener } from "../../config/kinds/networking/sidecar/sidecar-egress.js";
import type { Destination } from "../../config/kinds/networking/virtual-service/destination.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import { keyOf } from "../../config/resource.js";
import { type Labels, selects } from "../labels.js";
import { comparePrecedence } from "../precedence.js";
import { type Protocol, parseProtocol } from "../service/protocol.js";
import { type EgressHost, egressHost } from "./egress-host.js";

type SidecarResource = ResourceOf<"Sidecar">;

/** The Sidecars of a mesh. */
export interface Sidecars {
  /** By `namespace/name`. */
  readonly byKey: Table<SidecarResource>;
  /** Those with a selector, by namespace, the one that wins first. */
  readonly workloads: ReadonlyMap<string, readonly SidecarResource[]>;
  /** The one of each namespace without a selector. */
  readonly namespaces: ReadonlyMap<string, SidecarResource>;
  readonly mesh: SidecarResource | undefined;
}

const selectorOf = ({ spec }: SidecarResource): Labels => spec.workloadSelector?.labels ?? {};

/**
 * Sorts Sidecars by whom they are for: those with a selector for workloads of their namespace, one without for the rest of
 * it; in the root namespace for all that have none of their own. See Istio, Sidecar.
 */
export function indexSidecars(table: Table<SidecarResource>, rootNamespace: string): Sidecars {
  const workloads = new Map<string, SidecarResource[]>();
  const namespaces = new Map<string, SidecarResource>();
  for (const sidecar of [...table.values()].sort(comparePrecedence)) {
    const { namespace } = sidecar.metadata;
    if (Object.keys(selectorOf(sidecar)).length > 0) {
      workloads.set(namespace, [...(workloads.get(namespace) ?? []), sidecar]);
    } else if (!namespaces.has(namespace)) {
      namespaces.set(namespace, sidecar);
    }
  }
  return { byKey: table, workloads, namespaces, mesh: namespaces.get(rootNamespace) };
}

/** The Sidecar of a workload; undefined when none is for it. */
export function sidecarOf(
  { workloads, namespaces, mesh }: Sidecars,
  { namespace, labels }: { readonly namespace: string; readonly labels: Labels },
): SidecarResource | undefined {
  const own = workloads.get(namespace)?.find((one) => selects(selectorOf(one), labels));
  return own ?? namespaces.get(namespace) ?? mesh;
}

/** The key of the Sidecar of a workload; `""` when none is for it. */
export function sidecarKey(
  sidecars: Sidecars,
  workload: { readonly namespace: string; readonly labels: Labels },
): string {
  const sidecar = sidecarOf(sidecars, workload);
  return sidecar === undefined ? "" : keyOf(sidecar.metadata);
}

/** One egress listener of a Sidecar. See Istio, IstioEgressListener. */
export interface EgressListener {
  readonly hosts: readonly EgressHost[];
  /** The one port that it is for; undefined for all ports that have no listener of their own. */
  readonly port: EgressPort | undefined;
  /** The address on which it is, or `unix://` and a path; undefined where the addresses of the services decide. */
  readonly bind: string | undefined;
  /** Connections are addressed to it, and not redirected. */
  readonly bound: boolean;
  /** The ports of the other listeners. */
  readonly others: readonly number[];
}

/** The port of an egress listener. */
export interface EgressPort {
  /** 0 of a socket in the file system. */
  readonly number: number;
  /** What it carries, whatever the services say of their ports. */
  readonly protocol: Protocol;
}

/** Whether a port leads to all ports of services, and not to those of its own number: a socket, and an HTTP proxy. */
export function leadsAnywhere({ number, protocol }: EgressPort): boolean {
  return number === 0 || protocol === "HTTP_PROXY";
}

const UNIX_PREFIX = "unix://";

/** The egress listeners of a Sidecar, for callers of a namespace; without any there is one that leads to all hosts. */
export function egressListeners(
  { spec }: SidecarResource,
  namespace: string,
): readonly EgressListener[] {
  const all: readonly IstioEgressListener[] = spec.egress ?? [];
  const listeners = all.length === 0 ? [{ hosts: ["*/*"] }] : all;
  const ports = all.flatMap(({ port }) => (port === undefined ? [] : [port.number ?? 0]));
  return listeners.map(({ port, bind = "", captureMode, hosts }): EgressListener => {
    return {
      hosts: hosts.map((host) => egressHost(host, namespace)),
      port: port && { number: port.number ?? 0, protocol: parseProtocol(port.protocol) },
      bind: bind === "" ? undefined : bind,
      bound: captureMode === "NONE" || bind.startsWith(UNIX_PREFIX),
      others: port === undefined ? ports : [],
    };
  });
}

/** What happens to calls to unknown hosts. */
export interface OutboundPolicy {
  readonly mode: MeshConfig["outboundTrafficPolicy"]["mode"];
  /** Where they are sent instead; undefined when they go where they are addressed. */
  readonly egressProxy: Destination | undefined;
}

/** A Sidecar's policy for unknown hosts, else the mesh's. A policy without a mode is REGISTRY_ONLY, as in Istio. */
export function outboundPolicy(
  own: OutboundTrafficPolicy | undefined,
  mesh: { readonly mode: OutboundPolicy["mode"] },
): OutboundPolicy {
  return own === undefined
    ? { mode: mesh.mode, egressProxy: undefined }
    : { mode: own.mode ?? "REGISTRY_ONLY", egressProxy: own.egressProxy };
}
