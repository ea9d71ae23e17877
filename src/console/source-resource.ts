import type { MetadataJson } from "../envoy/api.js";

/** `/apis/networking.istio.io/v1/namespaces/NAMESPACE/KIND/NAME`, as Istio writes it. */
const CONFIG_PATH = /^\/apis\/networking\.istio\.io\/[^/]+\/namespaces\/([^/]+)\/[^/]+\/([^/]+)$/;

/**
 * The resource that made a piece of configuration, as `NAME.NAMESPACE`: its metadata names it. Empty when there is none,
 * `<unknown>` when it is named in another form.
 */
export function sourceResource(metadata: MetadataJson | undefined): string {
  const path = metadata?.filterMetadata?.["istio"]?.["config"];
  if (typeof path !== "string") return "";
  const [, namespace, name] = CONFIG_PATH.exec(path) ?? [];
  return namespace === undefined || name === undefined ? "<unknown>" : `${name}.${namespace}`;
}
