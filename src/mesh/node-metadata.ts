/** Node metadata that more than one place reads. See Istio, `NodeMetadata`. */

/** By this a proxy names the WorkloadGroup that it belongs to. */
export const GROUP_METADATA = "AUTO_REGISTER_GROUP";

/** By this a proxy names the machine that it is on: Kubernetes' name of the node. */
export const NODE_METADATA = "NODE_NAME";

/** `"1"`: the proxy takes requests of HTTP/1.0. */
export const HTTP10_METADATA = "HTTP10";
