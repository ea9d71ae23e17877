/** What a control plane knows of one workload that registers itself by its proxy's being connected. */
import Type from "typebox";
import Value from "typebox/value";
import { parseJson } from "../../base/parse-json.js";
import { limitedAscii } from "../../base/text/limited-ascii.js";
import {
  GatewayTopology,
  ProxyHeaders,
  TracingFields,
} from "../../config/mesh-config/mesh-config-schema.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Health } from "../../mesh/workload/health-probe.js";

/**
 * How it is there: its proxy is connected; it left a moment ago; it was known before the control plane was started and may come
 * back; or it is registered at another control plane, and only its health was told to this one.
 */
export type Presence = "connected" | "left" | "remembered" | "reported";

/** What was said of the health of its application, and when. */
export interface ToldHealth extends Health {
  /** Milliseconds since 1970; later than all that was known of this workload when it was told, whatever the clock said. */
  readonly at: number;
}

/** See the top of this file. */
export interface Registration {
  readonly proxy: Proxy;
  readonly presence: Presence;
  /** When the last connection began by which it is registered, as `ToldHealth.at`; 0 when there was none. */
  readonly since: number;
  readonly health?: ToldHealth;
}

/**
 * Under what a proxy is registered. A proxy says its name itself, so one that has the name of a proxy of another service
 * account does not take the place of that.
 */
export const registrationKey = ({ id, serviceAccount }: Proxy): string => `${id}/${serviceAccount}`;

/** A proxy as JSON. */
export const STORED_PROXY = Type.Object({
  id: Type.String(),
  type: Type.Enum(["sidecar", "router"]),
  name: Type.String(),
  namespace: Type.String(),
  address: Type.String(),
  dualStack: Type.Boolean(),
  labels: Type.Record(Type.String(), Type.String()),
  serviceAccount: Type.String(),
  workloadName: Type.String(),
  serviceName: Type.Optional(Type.String()),
  clusterId: Type.String(),
  locality: Type.String(),
  network: Type.String(),
  mode: Type.Enum(["REDIRECT", "TPROXY", "NONE"]),
  unprivileged: Type.Boolean(),
  onDemand: Type.Boolean(),
  dns: Type.Enum(["nobody", "agent", "envoy"]),
  appAddress: Type.String(),
  egressAddress: Type.String(),
  istioVersion: Type.String(),
  gatewayTopology: Type.Optional(GatewayTopology),
  proxyHeaders: Type.Optional(ProxyHeaders),
  tracing: Type.Optional(TracingFields),
  metadata: Type.Record(Type.String(), Type.String()),
});

/** Health as JSON. */
export const STORED_HEALTH = Type.Object({ healthy: Type.Boolean(), reason: Type.String() });

/** A health with a reason that can be shown. */
export const shownHealth = ({ healthy, reason }: Health): Health => ({
  healthy,
  reason: limitedAscii(reason),
});

/** The proxy of a text of JSON that somebody else wrote; undefined when it is none. */
export function parseProxy(text: string): Proxy | undefined {
  const value = parseJson(text);
  if (!Value.Check(STORED_PROXY, value)) return undefined;
  const proxy = Value.Clean(STORED_PROXY, value) as Proxy;
  return proxy.id === `${proxy.name}.${proxy.namespace}` ? proxy : undefined;
}
