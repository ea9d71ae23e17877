/** Node metadata that more than one place reads. See Istio, `NodeMetadata`. */

/** By this a proxy names the WorkloadGroup that it belongs to. */
export const GROUP_METADATA = "AUTO_REGISTER_GROUP";

/** By this a proxy names the machine that it is on: Kubernetes' name of the node. */
export const NODE_METADATA = "NODE_NAME";

/** `"1"`: the proxy takes requests of HTTP/1.0. */
export const HTTP10_METADATA = "HTTP10";

/** How long connections to the proxy may be without use. */
export const IDLE_TIMEOUT_METADATA = "IDLE_TIMEOUT";

/** `"true"`: worker threads of the proxy get connections in turns, of those for its workload or of those that leave it. */
export const EXACT_BALANCE_METADATA = {
  inbound: "INBOUND_LISTENER_EXACT_BALANCE",
  outbound: "OUTBOUND_LISTENER_EXACT_BALANCE",
} as const;

/** `"true"`: an agent is beside the proxy that runs the command of its WorkloadGroup's probe. A word of ours. */
export const COMMAND_PROBE_METADATA = "COMMAND_PROBE";
