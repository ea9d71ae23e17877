import type { Table } from "../../base/table.js";
import { didYouMean } from "../closest-word.js";
import { attachmentsOf, type Refusal } from "../gateway-api/attachment.js";
import type { Listener } from "../gateway-api/listeners.js";
import type { RouteHead } from "../gateway-api/routes.js";
import type { Finding } from "../kind.js";
import { type ParentReference, type ParentType, parentType } from "../kinds/gateway-api/parents.js";
import { notApplied } from "../kinds/unapplied.js";
import { REFERENCE_CODE } from "./dangling.js";

/** That a route is attached to nothing, or not to one of its parents. */
const UNATTACHED = "unattached-route";

/** What routes of the Gateway API can name as parents. */
export interface ParentNames {
  /** Of the Gateways that are served, by `namespace/name`. */
  readonly listeners: Table<readonly Listener[]>;
  /** The parents of each type that there are, by `namespace/name`. */
  readonly names: Readonly<Record<ParentType, Table<unknown>>>;
}

/** How files call the types of parents. */
const WORDS: Readonly<Record<ParentType, string>> = {
  KubernetesGateway: "Gateway",
  Service: "Service",
  ServiceEntry: "ServiceEntry",
};

/** A warning for each parent of a route that there is not, or that does not take it, and for a route without any. */
export function checkRouteParents(route: RouteHead, known: ParentNames): readonly Finding[] {
  if (route.parents.length === 0) {
    const message = "the route is attached to nothing: name a Gateway or a Service in parentRefs";
    return [{ path: ["spec"], code: UNATTACHED, message, severity: "warning" }];
  }
  const { refused } = attachmentsOf(route, known.listeners);
  return [
    ...route.parents.flatMap((parent, index) => checkName(parent, index, route, known)),
    ...refused.map(refusal),
  ];
}

function checkName(
  parent: ParentReference,
  index: number,
  { ref }: RouteHead,
  { names }: ParentNames,
): readonly Finding[] {
  const path = ["spec", "parentRefs", index];
  const type = parentType(parent);
  if (type === undefined) {
    const message = `a ${parent.kind ?? "Gateway"} of "${parent.group ?? ""}" takes no routes: a Gateway, a Service or a ServiceEntry does`;
    return [{ path: [...path, "kind"], code: UNATTACHED, message, severity: "warning" }];
  }
  const { name, namespace = ref.namespace } = parent;
  if (names[type].has(`${namespace}/${name}`)) {
    return type === "KubernetesGateway" || parent.sectionName === undefined
      ? []
      : [
          notApplied(
            [...path, "sectionName"],
            `sectionName of a ${type} (its ports are told apart by port)`,
          ),
        ];
  }
  const own = [...names[type].keys()]
    .filter((key) => key.startsWith(`${namespace}/`))
    .map((key) => key.slice(namespace.length + 1));
  const message = `there is no ${WORDS[type]} "${namespace}/${name}"${didYouMean(name, own)}`;
  return [{ path: [...path, "name"], code: REFERENCE_CODE, message, severity: "warning" }];
}

function refusal({ parent, field, reason }: Refusal): Finding {
  const path =
    field === "hostnames" ? ["spec", "hostnames"] : ["spec", "parentRefs", parent, field];
  return { path, code: UNATTACHED, message: reason, severity: "warning" };
}
