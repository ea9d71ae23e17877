import type { Path } from "../../kind.js";
import {
  list,
  NonEmptyText,
  optional,
  PortNumber,
  strict,
  Text,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given, invalid, refuse } from "../value/findings.js";
import {
  checkReference,
  checkSectionName,
  EXPERIMENTAL_GROUP,
  GATEWAY_API_GROUP,
  hostnameProblem,
} from "./names.js";

/** What a route is to be attached to: a Gateway, or a Service or ServiceEntry for the calls in the mesh. */
export type ParentReference = ValueOf<typeof ParentReference>;
const ParentReference = strict({
  /** That of the Gateway API when absent. */
  group: optional(Text),
  /** Gateway when absent. */
  kind: optional(Text),
  /** The route's when absent. */
  namespace: optional(Text),
  name: NonEmptyText,
  /** The one listener that is meant; all when absent. */
  sectionName: optional(NonEmptyText),
  port: optional(PortNumber),
});

/** The parents of a route. */
export const ParentReferences = list(ParentReference, 32);
/** The hosts that a route is for; all that its listeners serve when there are none. */
export const Hostnames = list(NonEmptyText, 16);

/** Hosts, with a wildcard or not. */
export function checkHostnames(hostnames: readonly string[], path: Path): Findings {
  return each(hostnames, path, (hostname, at) => refuse(at, hostnameProblem(hostname)));
}

/** Parents that can be, each of them once. */
export function* checkParents(parents: readonly ParentReference[], path: Path): Findings {
  yield* each(parents, path, function* (parent, at) {
    yield* checkReference(parent, at);
    yield* given(parent.sectionName, [...at, "sectionName"], checkSectionName);
  });
  for (const [index, parent] of parents.entries()) {
    const same = parents.filter((one) => nameOf(one) === nameOf(parent));
    if (same.length < 2) continue;
    if (parent.sectionName === undefined && parent.port === undefined) {
      yield invalid([...path, index], "a parent that is named again needs a sectionName or port");
    } else if (same.find((one) => partOf(one) === partOf(parent)) !== parent) {
      yield invalid([...path, index], "the same part of the same parent is named before");
    }
  }
}

function nameOf({ group, kind, namespace, name }: ParentReference): string {
  return JSON.stringify([group ?? GATEWAY_API_GROUP, kind ?? "Gateway", namespace ?? "", name]);
}

const partOf = ({ sectionName, port }: ParentReference): string =>
  JSON.stringify([sectionName ?? "", port ?? 0]);

/** What has listeners, as fairlead calls it. */
export type ListenerOwnerKind = "KubernetesGateway" | "ListenerSet" | "XListenerSet";

/** What routes can be attached to, as fairlead calls it. */
export type ParentType = ListenerOwnerKind | "Service" | "ServiceEntry";

const TYPES: Readonly<Partial<Record<string, ParentType>>> = {
  [`${GATEWAY_API_GROUP}/Gateway`]: "KubernetesGateway",
  [`${GATEWAY_API_GROUP}/ListenerSet`]: "ListenerSet",
  [`${EXPERIMENTAL_GROUP}/XListenerSet`]: "XListenerSet",
  "/Service": "Service",
  "networking.istio.io/ServiceEntry": "ServiceEntry",
};

/** What a parent is; undefined of one of another kind, which is for other controllers. */
export function parentType({
  group = GATEWAY_API_GROUP,
  kind = "Gateway",
}: Pick<ParentReference, "group" | "kind">): ParentType | undefined {
  return TYPES[`${group}/${kind}`];
}

/** Whether routes at a parent are for the requests and connections that come to listeners. */
export function hasListeners(type: ParentType | undefined): type is ListenerOwnerKind {
  return type !== undefined && type !== "Service" && type !== "ServiceEntry";
}
