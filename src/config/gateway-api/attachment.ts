/** Which listeners of Gateways a route is attached to, for which hosts, and why not to others. See Gateway API, ParentReference. */
import type { Table } from "../../base/table.js";
import { isSubsetOfHost } from "../kinds/dns-names.js";
import { type ParentReference, parentType } from "../kinds/gateway-api/parents.js";
import type { Listener } from "./listeners.js";
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

/** A Gateway, or a listener of it, that a route names and that does not take it. */
export interface Refusal {
  readonly parent: number;
  /** `parentRefs[0]` or a field of it, or `hostnames`. */
  readonly field: "name" | "sectionName" | "port" | "hostnames";
  /** Why, in words. */
  readonly reason: string;
}

/** What becomes of a route at the Gateways that it names. */
export interface Attachments {
  readonly attached: readonly Attachment[];
  readonly refused: readonly Refusal[];
}

/** Attaches a route to the listeners of the Gateways that it names; those of other controllers are not in the table. */
export function attachmentsOf(
  route: RouteHead,
  listeners: Table<readonly Listener[]>,
): Attachments {
  const attached: Attachment[] = [];
  const refused: Refusal[] = [];
  for (const [parent, reference] of route.parents.entries()) {
    if (parentType(reference) !== "KubernetesGateway") continue;
    const { name, namespace = route.ref.namespace } = reference;
    const all = listeners.get(`${namespace}/${name}`);
    if (all === undefined) continue;
    const meant = meantListeners(reference, all);
    if ("field" in meant) {
      refused.push({ parent, ...meant });
      continue;
    }
    const answers = meant.map((listener) => answerOf(listener, all, route));
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
  all: readonly Listener[],
): readonly Listener[] | Omit<Refusal, "parent"> {
  const named = all.filter(({ name }) => sectionName === undefined || name === sectionName);
  const names = all.map(({ name }) => name).join(", ");
  if (named.length === 0) {
    const reason = `the Gateway has no listener "${sectionName ?? ""}": it has ${names}`;
    return { field: "sectionName", reason };
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
      other.index !== listener.index &&
      other.port === listener.port &&
      other.protocol === listener.protocol &&
      other.hostname !== listener.hostname &&
      isSubsetOfHost(other.hostname, listener.hostname) &&
      isSubsetOfHost(host, other.hostname),
  );
}
