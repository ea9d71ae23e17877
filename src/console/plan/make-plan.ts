/** Compares two states of a mesh: what people wrote, what proxies are sent for it, and what is wrong with it. */
import type { Diagnostic } from "../../base/diagnostic.js";
import { lostPortDiagnostics } from "../../envoy/diagnostics/lost-ports.js";
import { refusalDiagnostics, refusalsIn } from "../../envoy/diagnostics/refusals.js";
import { unservedDiagnostics } from "../../envoy/diagnostics/unserved-servers.js";
import type { LostPort } from "../../envoy/listener/lost-ports.js";
import type { ConnectedProxy } from "../../envoy/proxy/connected-proxy.js";
import type { ResourceSets } from "../../envoy/resource/resource-set.js";
import type { UnservedServer } from "../../mesh/gateway/shared-ports.js";
import { createEnvoyChanges, type Decode } from "./envoy-changes.js";
import type { Plan } from "./plan.js";
import { createProxyGroups, type ProxyGroup } from "./proxy-groups.js";
import { resourceChanges, type Side } from "./resource-changes.js";

/** One of the states. */
export interface PlanSide extends Side {
  readonly diagnostics: readonly Diagnostic[];
  /** The mesh that it makes, for which it is asked when it matters. */
  readonly mesh: () => PlannedMesh;
}

/** A mesh, as far as its proxies are concerned. */
export interface PlannedMesh {
  readonly resourcesOf: (connected: ConnectedProxy) => ResourceSets;
  /** The servers of Gateways for some proxies that are not served. */
  readonly unservedServers: (connected: readonly ConnectedProxy[]) => readonly UnservedServer[];
  /** The ports of services that no connection of bytes through some proxies leads to. */
  readonly lostPorts: (connected: readonly ConnectedProxy[]) => readonly LostPort[];
}

/** What is compared, and for whom. Both sides have one object for what is the same on both. */
export interface Comparison {
  readonly before: PlanSide;
  readonly after: PlanSide;
  readonly proxies: readonly ConnectedProxy[];
  readonly decode: Decode;
}

/**
 * See the top of this file. A step is what a proxy is sent, or one resource of it, so that the steps of much work are not
 * more work each; but for the mesh itself, and for what many proxies share, which the first of them makes.
 */
export function* makePlan(comparison: Comparison): Generator<void, Plan> {
  const { before, after, proxies } = comparison;
  const resources = resourceChanges(before, after);
  // Proxies are sent what resources say: the same resources, the same for each.
  const sent = resources.length === 0 ? NOTHING : yield* sentBy(comparison);
  const [was, is] = [
    [...before.diagnostics, ...sent.before],
    [...after.diagnostics, ...sent.after],
  ];
  return {
    resources,
    groups: sent.groups,
    proxies: proxies.length,
    newDiagnostics: missingIn(was, is),
    clearedDiagnostics: missingIn(is, was),
  };
}

/**
 * What proxies are sent, and in each state what they are not: what Envoy would refuse, servers of Gateways, and what leads to ports
 * that others have.
 */
interface Sent {
  readonly groups: readonly ProxyGroup[];
  readonly before: readonly Diagnostic[];
  readonly after: readonly Diagnostic[];
}

const NOTHING: Sent = { groups: [], before: [], after: [] };

/** All of one state first, then all of the other: what is remembered of the first is a start for the second. */
function* sentBy({ before, after, proxies, decode }: Comparison): Generator<void, Sent> {
  const sorted = [...proxies].sort((a, b) => (a.proxy.id < b.proxy.id ? -1 : 1));
  const [old, now] = [yield* heldBy(before, sorted), yield* heldBy(after, sorted)];
  const kept = { before: keptFrom(before, old) };
  yield;
  const changesBetween = createEnvoyChanges(decode);
  const groups = createProxyGroups();
  for (const [i, { proxy }] of sorted.entries()) {
    const [was, is] = [old.sets[i], now.sets[i]];
    if (was === undefined || is === undefined) continue;
    groups.add(proxy.id, yield* changesBetween(was, is));
    yield;
  }
  return { groups: groups.list(), ...kept, after: keptFrom(after, now) };
}

/** What proxies are sent in a state, in their order, the servers that they do not serve, and the ports that they do not lead to. */
interface Held {
  readonly sets: readonly ResourceSets[];
  readonly unserved: readonly UnservedServer[];
  readonly lost: readonly LostPort[];
}

function* heldBy(side: PlanSide, proxies: readonly ConnectedProxy[]): Generator<void, Held> {
  const mesh = side.mesh();
  yield;
  const sets: ResourceSets[] = [];
  const unserved: UnservedServer[] = [];
  const lost = new Set<LostPort>();
  for (const proxy of proxies) {
    sets.push(mesh.resourcesOf(proxy));
    unserved.push(...mesh.unservedServers([proxy]));
    for (const one of mesh.lostPorts([proxy])) lost.add(one);
    yield;
  }
  return { sets, unserved, lost: [...lost] };
}

/** What is told of what proxies are not sent. */
function keptFrom(side: PlanSide, { sets, unserved, lost }: Held): readonly Diagnostic[] {
  return [
    ...refusalDiagnostics(refusalsIn(sets), side),
    ...unservedDiagnostics(unserved, side),
    ...lostPortDiagnostics(lost, side),
  ];
}

/** Those that others are not among. Where they are does not count: files have other names and lines on the two sides. */
function missingIn(
  others: readonly Diagnostic[],
  diagnostics: readonly Diagnostic[],
): readonly Diagnostic[] {
  const keyOf = ({ severity, code, message, resource }: Diagnostic): string =>
    JSON.stringify([severity, code, message, resource]);
  const known = new Set(others.map(keyOf));
  return diagnostics.filter((one) => !known.has(keyOf(one)));
}
