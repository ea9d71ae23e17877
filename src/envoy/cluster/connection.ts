import { defined, positive } from "../../base/defined.js";
import type { TcpKeepalive } from "../../config/kinds/networking/destination-rule/connection-pool.js";
import type { EffectivePolicy, PolicyDefaults } from "../../mesh/routing/traffic-policy.js";
import type { ClusterJson } from "../api.js";
import { goDuration } from "../duration.js";
import { circuitBreakers } from "./circuit-breakers.js";

/** What the mesh configuration says of connections, for policies that do not. */
export interface ConnectionDefaults {
  readonly connectTimeout: string;
  readonly tcpKeepalive: TcpKeepalive | undefined;
  readonly policy: PolicyDefaults;
}

type ConnectionOptions = Pick<
  ClusterJson,
  "connectTimeout" | "circuitBreakers" | "upstreamConnectionOptions"
>;

/** How the connections of a cluster are made, and how many. See Istio, ConnectionPoolSettings. */
export function connectionOptions(
  policy: Pick<EffectivePolicy, "connectionPool" | "retryBudget">,
  defaults: ConnectionDefaults,
): ConnectionOptions {
  const tcp = policy.connectionPool?.tcp;
  const alive = keepalive(defaults.tcpKeepalive, tcp?.tcpKeepalive);
  return {
    connectTimeout: goDuration(tcp?.connectTimeout) ?? defaults.connectTimeout,
    circuitBreakers: circuitBreakers(policy),
    ...(alive === undefined ? {} : { upstreamConnectionOptions: { tcpKeepalive: alive } }),
  };
}

/** The settings of a policy, and the mesh's for what it does not set; undefined where neither sets any. */
function keepalive(mesh: TcpKeepalive | undefined, policy: TcpKeepalive | undefined) {
  if (mesh === undefined && policy === undefined) return undefined;
  const { time, interval } = { ...mesh, ...policy };
  return defined({
    // 0 is nothing said.
    keepaliveProbes: positive(policy?.probes) ?? positive(mesh?.probes),
    keepaliveTime: secondsOf(time),
    keepaliveInterval: secondsOf(interval),
  });
}

function secondsOf(duration: string | undefined): number | undefined {
  const text = goDuration(duration);
  return text === undefined ? undefined : Math.trunc(Number.parseFloat(text));
}
