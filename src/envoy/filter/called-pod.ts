/**
 * The pods of headless services, where callers tell their proxy no address: they mean a pod by its name, `database-0.database`.
 * The virtual host of the service takes such names, a filter notes which pod a request names, and the service's cluster calls
 * that one. So nothing is made for each pod: it is known by what its endpoint says.
 */
import { literalRegex } from "../../base/text/literal-regex.js";
import { isHeadless, type Service } from "../../mesh/service/service.js";
import { any } from "../any.js";
import type {
  Cluster_LbSubsetConfigJson,
  ClusterJson,
  HttpFilterJson,
  LbEndpointJson,
  VirtualHostJson,
} from "../api.js";

/** By this name virtual hosts say how their requests name pods. */
export const CALLED_POD_FILTER = "fairlead.called_pod";

/** What Envoy compares of a request and of endpoints, where a cluster has subsets of them. */
const SUBSET_METADATA = "envoy.lb";
const POD = "pod";

const noting = (rules: object) =>
  any("envoy.extensions.filters.http.header_to_metadata.v3.Config", rules);

/** Whether callers of this kind call pods of a service by their names. To others each name has an address. */
export function hasCalledPods(
  service: Service,
  { captured, router }: { readonly captured: boolean; readonly router: boolean },
): boolean {
  return isHeadless(service) && !captured && !router;
}

/** The filter that notes which pod is called, for virtual hosts that say how it is named. For others it does nothing. */
export function calledPodFilter(): HttpFilterJson {
  return { name: CALLED_POD_FILTER, typedConfig: noting({}) };
}

/**
 * How requests for a service of these names name a pod: by what stands before the service's name. Who calls the service itself
 * names none, and a pod without a name is not noted. Envoy finds a virtual host by its names in any case.
 */
export function calledPodOf(
  names: readonly string[],
): NonNullable<VirtualHostJson["typedPerFilterConfig"]> {
  const service = names.map(literalRegex).join("|");
  const pattern = { regex: `(?i)^(?:(.+?)\\.)??(?:${service})(?::[0-9]*)?$` };
  const onHeaderPresent = {
    metadataNamespace: SUBSET_METADATA,
    key: POD,
    regexValueRewrite: { pattern, substitution: "\\1" },
  };
  const requestRules = [{ header: ":authority", onHeaderPresent }];
  return { [CALLED_POD_FILTER]: noting({ requestRules }) };
}

/**
 * How a cluster calls the pod that a request names, even if others had better be called, and no other for it. For requests that
 * name none it chooses as it would without this: also by the weights of localities, where it has these.
 */
export function podSubsets({
  localityWeightedLbConfig,
}: NonNullable<ClusterJson["commonLbConfig"]>): Cluster_LbSubsetConfigJson {
  return {
    fallbackPolicy: "ANY_ENDPOINT",
    subsetSelectors: [{ keys: [POD], fallbackPolicy: "NO_FALLBACK", singleHostPerSubset: true }],
    ...(localityWeightedLbConfig === undefined ? {} : { localityWeightAware: true }),
  };
}

/** What an endpoint says of the pod that it is; nothing of a workload without a name. */
export const podMetadata = (
  name: string,
): NonNullable<LbEndpointJson["metadata"]>["filterMetadata"] =>
  name === "" ? {} : { [SUBSET_METADATA]: { [POD]: name } };
