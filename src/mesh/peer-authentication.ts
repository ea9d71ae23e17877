import type { Table } from "../base/table.js";
import type { Path } from "../config/kind.js";
import type { MutualTLS } from "../config/kinds/peer-authentication.js";
import type { ResourceOf } from "../config/kinds.js";
import { type ResourceRef, refOf } from "../config/resource.js";
import { type Labels, selects } from "./labels.js";
import { comparePrecedence } from "./precedence.js";

/** Whether a server takes mutual TLS alone, plaintext too, or plaintext alone. */
export type MutualTlsMode = "STRICT" | "PERMISSIVE" | "DISABLE";

/** All PeerAuthentications, by how much they cover. */
export interface PeerAuthentications {
  /** Those that have a mode for a namespace as a whole. */
  readonly namespaces: ReadonlyMap<string, ResourceOf<"PeerAuthentication">>;
  /** Its policy is the whole mesh's. */
  readonly rootNamespace: string;
  /** Those with a selector, by namespace, the one that wins first. */
  readonly workloads: ReadonlyMap<string, readonly ResourceOf<"PeerAuthentication">[]>;
}

function modeOf(mtls: MutualTLS | undefined): MutualTlsMode | undefined {
  return mtls?.mode === undefined || mtls.mode === "UNSET" ? undefined : mtls.mode;
}

const hasSelector = ({ spec }: ResourceOf<"PeerAuthentication">): boolean =>
  Object.keys(spec.selector?.matchLabels ?? {}).length > 0;

/** Sorts the policies by scope: of several without a selector in one namespace the oldest counts. */
export function indexPeerAuthentications(
  table: Table<ResourceOf<"PeerAuthentication">>,
  rootNamespace: string,
): PeerAuthentications {
  const namespaces = new Map<string, ResourceOf<"PeerAuthentication">>();
  const workloads = new Map<string, ResourceOf<"PeerAuthentication">[]>();
  const decided = new Set<string>();
  for (const policy of [...table.values()].sort(comparePrecedence)) {
    const { namespace } = policy.metadata;
    if (hasSelector(policy)) {
      // A policy for workloads means those of its namespace; in the root namespace Istio ignores it.
      if (namespace === rootNamespace) continue;
      workloads.set(namespace, [...(workloads.get(namespace) ?? []), policy]);
    } else if (!decided.has(namespace)) {
      decided.add(namespace);
      if (modeOf(policy.spec.mtls) !== undefined) namespaces.set(namespace, policy);
    }
  }
  return { namespaces, rootNamespace, workloads };
}

/** A mode, and what decides it. */
export interface DecidedMode {
  readonly mode: MutualTlsMode;
  /** The policy, and where in it the mode stands; absent when nobody says, and the default holds. */
  readonly decidedBy?: {
    readonly policy: ResourceOf<"PeerAuthentication">;
    readonly path: Path;
  };
}

/** Where the mode stands; nothing when nobody says it. */
export function decidingPart({
  decidedBy,
}: DecidedMode): readonly { readonly ref: ResourceRef; readonly path: Path }[] {
  return decidedBy === undefined ? [] : [{ ref: refOf(decidedBy.policy), path: decidedBy.path }];
}

/** The mode that one member of a policy says; undefined when it is unset. */
function decide(
  policy: ResourceOf<"PeerAuthentication"> | undefined,
  mtls: MutualTLS | undefined,
  path: Path,
): DecidedMode | undefined {
  const mode = modeOf(mtls);
  return policy === undefined || mode === undefined
    ? undefined
    : { mode, decidedBy: { policy, path } };
}

const MODE: Path = ["spec", "mtls", "mode"];

function decideForNamespace(policies: PeerAuthentications, namespace: string): DecidedMode {
  const policy =
    policies.namespaces.get(namespace) ?? policies.namespaces.get(policies.rootNamespace);
  return decide(policy, policy?.spec.mtls, MODE) ?? { mode: "PERMISSIVE" };
}

/** The mode of a namespace as a whole, from its own policy or the mesh's; `PERMISSIVE` when nobody says. */
export function namespaceMode(policies: PeerAuthentications, namespace: string): MutualTlsMode {
  return decideForNamespace(policies, namespace).mode;
}

/** Who is asked about: a workload, as policies select it. */
interface Selected {
  readonly namespace: string;
  readonly labels: Labels;
}

/** The policy that selects a workload; undefined when none does. */
function policyOf(
  policies: PeerAuthentications,
  { namespace, labels }: Selected,
): ResourceOf<"PeerAuthentication"> | undefined {
  return policies.workloads
    .get(namespace)
    ?.find(({ spec }) => selects(spec.selector?.matchLabels ?? {}, labels));
}

/**
 * The mode in force on one port of one workload: the port's, else the workload's, the namespace's, the mesh's; `UNSET`
 * inherits. `port` is that on which the workload listens. See Istio, PeerAuthentication.
 */
export function decideMode(
  policies: PeerAuthentications,
  workload: Selected,
  port: number,
): DecidedMode {
  const policy = policyOf(policies, workload);
  const ofPort = policy?.spec.portLevelMtls?.[String(port)];
  return (
    decide(policy, ofPort, ["spec", "portLevelMtls", String(port), "mode"]) ??
    decide(policy, policy?.spec.mtls, MODE) ??
    decideForNamespace(policies, workload.namespace)
  );
}

/** The mode in force on one port of one workload, see `decideMode`. */
export function workloadMode(
  policies: PeerAuthentications,
  workload: Selected,
  port: number,
): MutualTlsMode {
  return decideMode(policies, workload, port).mode;
}

/** The ports of a workload for which a policy has a mode of their own, in order. */
export function portsWithMode(
  policies: PeerAuthentications,
  workload: Selected,
): readonly number[] {
  const ports = policyOf(policies, workload)?.spec.portLevelMtls ?? {};
  return Object.entries(ports)
    .filter(([, mtls]) => modeOf(mtls) !== undefined)
    .map(([port]) => Number(port))
    .sort((a, b) => a - b);
}
