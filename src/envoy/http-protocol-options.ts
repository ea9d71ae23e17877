import { any } from "./any.js";
import type { ClusterJson, HttpProtocolOptionsJson } from "./api.js";

const TYPE = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** How HTTP is spoken with the endpoints of a cluster, in the field of the cluster that says it. */
export const httpProtocolOptions = (
  options: HttpProtocolOptionsJson,
): Pick<ClusterJson, "typedExtensionProtocolOptions"> => ({
  typedExtensionProtocolOptions: { [TYPE]: any(TYPE, options) },
});
