import type { Finding, KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { isIpAddress } from "../value/dns-names.js";
import {
  lenient,
  list,
  NonEmptyText,
  oneOf,
  optional,
  PortNumber,
  strict,
  Text,
  TextMap,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given, invalid, refuse, unique } from "../value/findings.js";
import { checkLabelSelector, LabelSelector } from "../value/label-selector.js";
import { notApplied } from "../value/unapplied.js";
import { checkGatewayTls, checkListenerTls, GatewayTls, ListenerTls } from "./gateway-tls.js";
import { checkReference, checkSectionName, GATEWAY_API_GROUP, hostnameProblem } from "./names.js";

/** Namespaces: all, those that a selector selects, the own one, or none. */
export type AllowedNamespaces = ValueOf<typeof AllowedNamespaces>;
const AllowedNamespaces = strict({
  from: optional(oneOf("All", "Selector", "Same", "None")),
  selector: optional(LabelSelector),
});

/** The routes that a listener takes; those of its own namespace when it does not say. */
export type AllowedRoutes = ValueOf<typeof AllowedRoutes>;
const AllowedRoutes = strict({
  namespaces: optional(AllowedNamespaces),
  kinds: optional(list(strict({ group: optional(Text), kind: NonEmptyText }), 8)),
});

/** A port on which a gateway listens, for one host or one domain, or for any. */
export type GatewayListener = ValueOf<typeof GatewayListener>;
export const GatewayListener = strict({
  name: NonEmptyText,
  hostname: optional(NonEmptyText),
  port: PortNumber,
  protocol: NonEmptyText,
  tls: optional(ListenerTls),
  allowedRoutes: optional(AllowedRoutes),
});

/** An address of a gateway: an IP address when it does not say. */
const Address = strict({ type: optional(NonEmptyText), value: optional(Text) });

/** What a gateway listens for. */
export type KubernetesGatewaySpec = ValueOf<typeof KubernetesGatewaySpec>;
const KubernetesGatewaySpec = strict({
  gatewayClassName: NonEmptyText,
  listeners: list(GatewayListener, 64),
  addresses: optional(list(Address, 16)),
  infrastructure: optional(
    strict({
      labels: optional(TextMap),
      annotations: optional(TextMap),
      parametersRef: optional(lenient({})),
    }),
  ),
  /** The ListenerSets that may add listeners; none when absent. */
  allowedListeners: optional(strict({ namespaces: optional(AllowedNamespaces) })),
  defaultScope: optional(Text),
  tls: optional(GatewayTls),
});

/** The Gateway of Kubernetes' Gateway API, by the name that Istio has for it: another kind is called Gateway. */
export const kubernetesGateway = {
  kind: "KubernetesGateway",
  writtenAs: "Gateway",
  group: GATEWAY_API_GROUP,
  versions: ["v1", "v1beta1"],
  shortNames: ["gtw"],
  body: "spec",
  schema: KubernetesGatewaySpec,
  check: (resource: ConfigResource<KubernetesGatewaySpec>): readonly Finding[] => [
    ...checkGateway(resource),
  ],
} as const satisfies KindDefinition<KubernetesGatewaySpec>;

const PLAIN: readonly string[] = ["HTTP", "TCP", "UDP"];
const WITHOUT_HOSTS: readonly string[] = ["TCP", "UDP"];

function* checkGateway({ spec }: ConfigResource<KubernetesGatewaySpec>): Findings {
  const { listeners, addresses = [] } = spec;
  if (listeners.length === 0 && spec.allowedListeners === undefined) {
    yield invalid(["spec", "listeners"], "the Gateway has no listeners");
  }
  yield* checkListeners(listeners, ["spec", "listeners"]);
  yield* each(addresses, ["spec", "addresses"], checkAddress);
  yield* given(spec.tls, ["spec", "tls"], checkGatewayTls);
  yield* given(
    spec.allowedListeners?.namespaces,
    ["spec", "allowedListeners", "namespaces"],
    checkAllowedNamespaces,
  );
  if (spec.infrastructure?.parametersRef !== undefined) {
    const path = ["spec", "infrastructure", "parametersRef"];
    yield notApplied(path, "infrastructure.parametersRef");
  }
}

/** A listener of a Gateway, or one that a ListenerSet adds to it, which may leave its port to its protocol. */
type AnyListener = Omit<GatewayListener, "port"> & Partial<Pick<GatewayListener, "port">>;

/** Listeners that can be, each with a name and a place of its own. */
export function* checkListeners(listeners: readonly AnyListener[], path: Path): Findings {
  yield* each(listeners, path, checkListener);
  const names = listeners.map(({ name }) => name);
  yield* unique(names, (index) => [...path, index, "name"], "name of a listener");
  const places = listeners.map(({ port, protocol, hostname = "" }) =>
    `${port ?? ""} ${protocol} ${hostname}`.trim(),
  );
  yield* unique(places, (index) => [...path, index], "port, protocol and hostname");
}

function* checkListener(listener: AnyListener, path: Path): Findings {
  const { name, hostname, protocol, tls, allowedRoutes } = listener;
  yield* checkSectionName(name, [...path, "name"]);
  yield* given(hostname, [...path, "hostname"], (host, at) => refuse(at, hostnameProblem(host)));
  if (hostname !== undefined && WITHOUT_HOSTS.includes(protocol)) {
    yield invalid([...path, "hostname"], `${protocol} names no host`);
  }
  if (tls !== undefined && PLAIN.includes(protocol)) {
    yield invalid([...path, "tls"], `${protocol} has no tls: write HTTPS or TLS`);
  }
  if (tls?.mode === "Passthrough" && protocol === "HTTPS") {
    yield invalid([...path, "tls", "mode"], "HTTPS ends here: write TLS for what passes through");
  }
  yield* given(tls, [...path, "tls"], checkListenerTls);
  yield* given(allowedRoutes, [...path, "allowedRoutes"], checkAllowedRoutes);
}

function* checkAllowedRoutes({ namespaces, kinds }: AllowedRoutes, path: Path): Findings {
  yield* given(namespaces, [...path, "namespaces"], checkAllowedNamespaces);
  yield* each(kinds, [...path, "kinds"], checkReference);
}

function* checkAllowedNamespaces({ from, selector }: AllowedNamespaces, path: Path): Findings {
  if (from === "Selector" && selector === undefined) {
    yield invalid([...path, "selector"], "from: Selector needs a selector");
  }
  yield* given(selector, [...path, "selector"], checkLabelSelector);
}

function* checkAddress(
  { type = "IPAddress", value }: ValueOf<typeof Address>,
  path: Path,
): Findings {
  if (value === undefined) return;
  const at = [...path, "value"];
  if (type === "Hostname") {
    yield* refuse(at, hostnameProblem(value));
  } else if (type === "IPAddress" && !isIpAddress(value)) {
    yield invalid(at, `"${value}" is no IP address`);
  } else {
    // No gateway is deployed, so none is given an address.
    yield notApplied(at, `an address of type ${type}`);
  }
}
