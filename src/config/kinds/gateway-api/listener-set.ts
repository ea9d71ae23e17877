import { memberOf } from "../../../base/member-of.js";
import type { Finding, KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { list, NonEmptyText, optional, strict, Text, type ValueOf } from "../value/fields.js";
import { each, type Findings, invalid } from "../value/findings.js";
import { checkListeners, GatewayListener } from "./gateway.js";
import { checkReference, EXPERIMENTAL_GROUP, GATEWAY_API_GROUP } from "./names.js";
import { within } from "./numbers.js";

/** The Gateway to which listeners are added. */
export type ParentGateway = ValueOf<typeof ParentGateway>;
const ParentGateway = strict({
  /** That of the Gateway API when absent. */
  group: optional(Text),
  /** Gateway when absent. */
  kind: optional(Text),
  name: NonEmptyText,
  /** The set's when absent. */
  namespace: optional(Text),
});

/** Listeners that are added to a Gateway. */
export type ListenerSetSpec = ValueOf<typeof ListenerSetSpec>;
const ListenerSetSpec = strict({ parentRef: ParentGateway, listeners: list(GatewayListener, 64) });

/** The same, where a listener may leave its port to its protocol, also by 0. */
export type XListenerSetSpec = ValueOf<typeof XListenerSetSpec>;
const XListenerSetSpec = strict({
  parentRef: ParentGateway,
  listeners: list(strict({ ...GatewayListener.properties, port: optional(within(0, 65535)) }), 64),
});

/** The ListenerSet of Kubernetes' Gateway API. */
export const listenerSet = {
  kind: "ListenerSet",
  group: GATEWAY_API_GROUP,
  versions: ["v1"],
  shortNames: ["lset"],
  body: "spec",
  schema: ListenerSetSpec,
  check: (resource: ConfigResource<ListenerSetSpec>): readonly Finding[] => [
    ...checkListenerSet(resource),
  ],
} as const satisfies KindDefinition<ListenerSetSpec>;

/** The ListenerSet of the experimental channel, before it was called so. */
export const xListenerSet = {
  kind: "XListenerSet",
  group: EXPERIMENTAL_GROUP,
  versions: ["v1alpha1"],
  shortNames: ["lset"],
  body: "spec",
  schema: XListenerSetSpec,
  check: (resource: ConfigResource<XListenerSetSpec>): readonly Finding[] => [
    ...checkListenerSet(resource),
    ...each(resource.spec.listeners, ["spec", "listeners"], checkPort),
  ],
} as const satisfies KindDefinition<XListenerSetSpec>;

function* checkListenerSet({ spec }: ConfigResource<ListenerSetSpec | XListenerSetSpec>): Findings {
  yield* checkReference(spec.parentRef, ["spec", "parentRef"]);
  if (spec.listeners.length === 0) {
    yield invalid(["spec", "listeners"], "the set has no listeners");
  }
  yield* checkListeners(spec.listeners, ["spec", "listeners"]);
}

/** The ports of protocols that have one. See Istio, detectListenerPortNumber. */
const PORTS: Readonly<Partial<Record<string, number>>> = { HTTP: 80, HTTPS: 443 };

/** The port of a listener of a set: that of its protocol when it names none; undefined when that has none. */
export function portOf({
  port = 0,
  protocol,
}: XListenerSetSpec["listeners"][number]): number | undefined {
  return port === 0 ? memberOf(PORTS, protocol) : port;
}

function* checkPort(listener: XListenerSetSpec["listeners"][number], path: Path): Findings {
  if (portOf(listener) !== undefined) return;
  yield invalid([...path, "port"], `a listener of ${listener.protocol} needs a port`);
}
