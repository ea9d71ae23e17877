import type { Table } from "../../base/table/table.js";
import type { Path } from "../../config/kind.js";
import type { MutualTLS } from "../../config/kinds/security/peer-authentication.js";
import type { ResourceOf } from "../../config/kinds.js";
import { type ResourceRef, refOf } from "../../config/resource.js";
import { type Labels, selects } from "../labels.js";
import { comparePrecedence } from "../precedence.js";

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

/** The policies that say how one workload is called. */
export interface AppliedAuthentication {
  /** The one that selects it; undefined when none does. */
  readonly selecting: ResourceOf<"PeerAuthentication"> | undefined;
  /** That of its namespace as a whole, else the mesh's; undefined when nobody says. */
  readonly whole: ResourceOf<"PeerAuthentication"> | undefined;
}

/** A workload, as policies select it. */
interface Selected {
  readonly namespace: string;
  readonly labels: Labels;
}

const wholeOf = (
  policies: PeerAuthentications,
  namespace: string,
): ResourceOf<"PeerAuthentication"> | undefined =>
  policies.namespaces.get(namespace) ?? policies.namespaces.get(policies.rootNamespace);

/** The policies that say how a workload is called. */
export function appliedAuthentication(
  policies: PeerAuthentications,
  { namespace, labels }: Selected,
): AppliedAuthentication {
  return {
    selecting: policies.workloads
      .get(namespace)
      ?.find(({ spec }) => selects(spec.selector?.matchLabels ?? {}, labels)),
    whole: wholeOf(policies, namespace),
  };
}

/** Whether both are the same policies. */
export const isSameAuthentication = (a: AppliedAuthentication, b: AppliedAuthentication): boolean =>
  a.selecting === b.selecting && a.whole === b.whole;

/** The mode of a namespace as a whole, from its own policy or the mesh's; `PERMISSIVE` when nobody says. */
export function namespaceMode(policies: PeerAuthentications, namespace: string): MutualTlsMode {
  return modeOf(wholeOf(policies, namespace)?.spec.mtls) ?? "PERMISSIVE";
}

/**
 * The mode in force on one port of one workload: the port's, else the workload's, the namespace's, the mesh's; `UNSET`
 * inherits. `port` is that on which the workload listens. See Istio, PeerAuthentication.
 */
export function decideMode({ selecting, whole }: AppliedAuthentication, port: number): DecidedMode {
  const ofPort = selecting?.spec.portLevelMtls?.[String(port)];
  return (
    decide(selecting, ofPort, ["spec", "portLevelMtls", String(port), "mode"]) ??
    decide(selecting, selecting?.spec.mtls, MODE) ??
    decide(whole, whole?.spec.mtls, MODE) ?? { mode: "PERMISSIVE" }
  );
}

/** The mode in force on one port of one workload, see `decideMode`. */
export const workloadMode = (applied: AppliedAuthentication, port: number): MutualTlsMode =>
  decideMode(applied, port).mode;

/** The ports of a workload for which a policy has a mode of their own, in order. */
export function portsWithMode({ selecting }: AppliedAuthentication): readonly number[] {
  return Object.entries(selecting?.spec.portLevelMtls ?? {})
    .filter(([, mtls]) => modeOf(mtls) !== undefined)
    .map(([port]) => Number(port))
    .sort((a, b) => a - b);
}

/** Whether a policy says of anything that it is called in plaintext alone. */
export function hasDisabled({ spec }: ResourceOf<"PeerAuthentication">): boolean {
  const { mtls, portLevelMtls = {} } = spec;
  return [mtls, ...Object.values(portLevelMtls)].some((one) => modeOf(one) === "DISABLE");
}
