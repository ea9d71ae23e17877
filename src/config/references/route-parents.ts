import type { Table } from "../../base/table/table.js";
import { didYouMean } from "../../base/text/closest-word.js";
import { attachmentsOf, type Refusal } from "../gateway-api/attachment.js";
import type { Listeners } from "../gateway-api/listeners.js";
import { type MeshParents, meantPort, type ParentPort } from "../gateway-api/mesh-parents.js";
import type { RouteHead } from "../gateway-api/routes.js";
import type { Finding } from "../kind.js";
import {
  hasListeners,
  type ListenerOwnerKind,
  type ParentReference,
  type ParentType,
  parentType,
} from "../kinds/gateway-api/parents.js";
import { REFERENCE_CODE } from "./dangling.js";

/** That a route is attached to nothing, or not to one of its parents. */
const UNATTACHED = "unattached-route";

/** What routes of the Gateway API can name as parents. */
export interface ParentNames {
  /** Of the Gateways that are served, and of the sets that are added to them. */
  readonly listeners: Listeners["parents"];
  /** All, also those of other controllers, by `namespace/name`. */
  readonly owners: Readonly<Record<ListenerOwnerKind, Table<unknown>>>;
  readonly inMesh: MeshParents;
}

/** How files call the types of parents. */
const WORDS: Readonly<Record<ParentType, string>> = {
  KubernetesGateway: "Gateway",
  ListenerSet: "ListenerSet",
  Service: "Service",
  ServiceEntry: "ServiceEntry",
  XListenerSet: "XListenerSet",
};

/** A warning for each parent of a route that there is not, or that does not take it, and for a route without any. */
export function checkRouteParents(route: RouteHead, known: ParentNames): readonly Finding[] {
  if (route.parents.length === 0) {
    const message = "the route is attached to nothing: name a Gateway or a Service in parentRefs";
    return [{ path: ["spec"], code: UNATTACHED, message, severity: "warning" }];
  }
  const { refused } = attachmentsOf(route, known.listeners);
  return [
    ...route.parents.flatMap((parent, index) => checkParent(parent, index, route, known)),
    ...refused.map(refusal),
  ];
}

function checkParent(
  parent: ParentReference,
  index: number,
  { ref }: RouteHead,
  known: ParentNames,
): readonly Finding[] {
  const path = ["spec", "parentRefs", index];
  const type = parentType(parent);
  if (type === undefined) {
    const message = `a ${parent.kind ?? "Gateway"} of "${parent.group ?? ""}" takes no routes: a Gateway, a ListenerSet, a Service or a ServiceEntry does`;
    return [{ path: [...path, "kind"], code: UNATTACHED, message, severity: "warning" }];
  }
  const { name, namespace = ref.namespace } = parent;
  const key = `${namespace}/${name}`;
  const names = hasListeners(type) ? known.owners[type] : known.inMesh[type];
  if (names.has(key)) {
    return hasListeners(type) ? [] : checkPort(parent, index, known.inMesh[type].get(key));
  }
  const own = [...names.keys()]
    .filter((one) => one.startsWith(`${namespace}/`))
    .map((one) => one.slice(namespace.length + 1));
  const message = `there is no ${WORDS[type]} "${key}"${didYouMean(name, own)}`;
  return [{ path: [...path, "name"], code: REFERENCE_CODE, message, severity: "warning" }];
}

function checkPort(
  reference: ParentReference,
  parent: number,
  ports: readonly ParentPort[] = [],
): readonly Finding[] {
  const meant = meantPort(reference, ports);
  return "field" in meant ? [refusal({ parent, ...meant })] : [];
}

function refusal({ parent, field, reason }: Refusal): Finding {
  const path =
    field === "hostnames" ? ["spec", "hostnames"] : ["spec", "parentRefs", parent, field];
  return { path, code: UNATTACHED, message: reason, severity: "warning" };
}
