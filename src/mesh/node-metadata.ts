/** The node metadata by which a proxy names the WorkloadGroup that it belongs to. See Istio, `NodeMetadata`. */
export const GROUP_METADATA = "AUTO_REGISTER_GROUP";
