/** Which listeners of Gateways a route is attached to, for which hosts, and why not to others. See Gateway API, ParentReference. */

import {
  hasListeners,
  type ListenerOwnerKind,
  type ParentReference,
  parentType,
} from "../kinds/gateway-api/parents.js";
import { isSubsetOfHost } from "../kinds/value/dns-names.js";
import type { Listener } from "./listener.js";
import { type ListenerParent, type Listeners, listenerParentKey } from "./listeners.js";
import type { RouteHead } from "./routes.js";

/** A host that a listener serves for a route. */
export interface AttachedHost {
  readonly host: string;
  /** The route's own, of which it may be a part; `*` of a route without hostnames. */
  readonly own: string;
}

/** A listener that takes a route. */
export interface Attachment {
  /** The number of the route's parent. */
  readonly parent: number;
  readonly listener: Listener;
  readonly hosts: readonly AttachedHost[];
}

/** A Gateway or ListenerSet, or a listener of it, that a route names and that does not take it. */
export interface Refusal {
  readonly parent: number;
  /** `parentRefs[0]` or a field of it, or `hostnames`. */
  readonly field: "name" | "sectionName" | "port" | "hostnames";
  /** Why, in words. */
  readonly reason: string;
}

/** What becomes of a route at the Gateways and ListenerSets that it names. */
export interface Attachments {
  readonly attached: readonly Attachment[];
  readonly refused: readonly Refusal[];
}

/**
 * Attaches a route to the listeners of the Gateways and ListenerSets that it names; those of other controllers are not in the
 * table. Who names a Gateway means its own listeners, and none that are added to it.
 */
export function attachmentsOf(route: RouteHead, parents: Listeners["parents"]): Attachments {
  const attached: Attachment[] = [];
  const refused: Refusal[] = [];
  for (const [parent, reference] of route.parents.entries()) {
    const kind = parentType(reference);
    if (!hasListeners(kind)) continue;
    const { name, namespace = route.ref.namespace } = reference;
    const found = parents.get(listenerParentKey({ kind, namespace, name }));
    if (found === undefined) continue;
    const meant = meantListeners(reference, kind, found);
    if ("field" in meant) {
      refused.push({ parent, ...meant });
      continue;
    }
    const answers = meant.map((listener) => answerOf(listener, found.all, route));
    const taken = answers.filter((answer) => "hosts" in answer);
    attached.push(...taken.map((answer) => ({ parent, ...answer })));
    const [first] = answers.filter((answer) => "field" in answer);
    if (taken.length === 0 && first !== undefined) refused.push({ parent, ...first });
  }
  return { attached, refused };
}

type Answer = Omit<Attachment, "parent"> | Omit<Refusal, "parent">;

/** The listeners that a parent means: one by its name, those of a port, or all. */
function meantListeners(
  { sectionName, port }: ParentReference,
  kind: ListenerOwnerKind,
  { own, isRefused }: ListenerParent,
): readonly Listener[] | Omit<Refusal, "parent"> {
  if (isRefused) {
    return { field: "name", reason: `the ${kind} is not taken by the Gateway that it names` };
  }
  const named = own.filter(({ name }) => sectionName === undefined || name === sectionName);
  if (named.length === 0) {
    const called = kind === "KubernetesGateway" ? "Gateway" : kind;
    const names = own.length === 0 ? "none" : own.map(({ name }) => name).join(", ");
    const wanted = sectionName === undefined ? "listeners" : `listener "${sectionName}"`;
    const reason = `the ${called} has no ${wanted}: it has ${names}`;
    return { field: sectionName === undefined ? "name" : "sectionName", reason };
  }
  const meant = named.filter((listener) => port === undefined || listener.port === port);
  if (meant.length > 0) return meant;
  const ports = [...new Set(named.map((listener) => listener.port))].join(", ");
  return { field: "port", reason: `no listener is on port ${port ?? 0}: there is ${ports}` };
}

function answerOf(
  listener: Listener,
  all: readonly Listener[],
  { ref, hostnames }: RouteHead,
): Answer {
  const called = `listener "${listener.name}"`;
  if (listener.conflict !== undefined) {
    return { field: "name", reason: `${called} is not served: ${listener.conflict.reason}` };
  }
  if (!listener.kinds.includes(ref.kind)) {
    const kinds = listener.kinds.length === 0 ? "no routes" : listener.kinds.join(" and ");
    return { field: "name", reason: `${called} takes no ${ref.kind}: it takes ${kinds}` };
  }
  if (listener.namespaces !== "all" && !listener.namespaces.includes(ref.namespace)) {
    const reason = `${called} takes no routes of namespace ${ref.namespace}: see its allowedRoutes`;
    return { field: "name", reason };
  }
  const own = hostnames.length === 0 ? ["*"] : hostnames;
  const shared = own.flatMap((host) => sharedHost(host, listener.hostname) ?? []);
  if (shared.length === 0) {
    const reason = `none of the hostnames is one of ${called}, which is for ${listener.hostname}`;
    return { field: "hostnames", reason };
  }
  return { listener, hosts: shared.filter(({ host }) => !isOfOther(host, listener, all)) };
}

/** The narrower of two hosts of which one is a part of the other. */
function sharedHost(own: string, listening: string): AttachedHost | undefined {
  if (isSubsetOfHost(own, listening)) return { host: own, own };
  return isSubsetOfHost(listening, own) ? { host: listening, own } : undefined;
}

/** Whether requests for a host are those of another listener on the same port, which is for fewer hosts. */
function isOfOther(host: string, listener: Listener, all: readonly Listener[]): boolean {
  return all.some(
    (other) =>
      other !== listener &&
      other.conflict === undefined &&
      other.port === listener.port &&
      other.protocol === listener.protocol &&
      other.hostname !== listener.hostname &&
      isSubsetOfHost(other.hostname, listener.hostname) &&
      isSubsetOfHost(host, other.hostname),
  );
}
