import { MESH_CONFIG_MAP, meshConfigOf } from "../config/mesh-config.js";
import { isMap } from "../config/reading/value.js";
import type { ResourceTables } from "../config/snapshot.js";
import { parseSection } from "../config/yaml/parse-section.js";

/** Istio's annotation of pods with settings of their proxies. */
const PROXY_CONFIG = "proxy.istio.io/config";

/** What stands before the names of node metadata among the variables of a proxy. See Istio, ProxyConfig.proxyMetadata. */
const PREFIX = "ISTIO_META_";

/**
 * The metadata that the proxies of pods with these annotations are given beside their own: the variables `ISTIO_META_NAME`
 * of `defaultConfig.proxyMetadata` in the mesh's configuration, and over them those of the pods' annotation. An annotation
 * that cannot be read gives none.
 */
export function nodeMetadata(
  tables: ResourceTables,
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { namespace, name } = MESH_CONFIG_MAP;
  const { defaultConfig } = meshConfigOf(tables.ConfigMap.get(`${namespace}/${name}`));
  const annotated = parseSection(annotations[PROXY_CONFIG] ?? "");
  const own = annotated.error === undefined ? annotated.documents[0] : undefined;
  return {
    ...metadataIn(defaultConfig.proxyMetadata),
    ...metadataIn(isMap(own) ? own["proxyMetadata"] : undefined),
  };
}

/** Numbers and truth values are taken for the texts that they are written as. */
function metadataIn(variables: unknown): Readonly<Record<string, string>> {
  if (!isMap(variables)) return {};
  return Object.fromEntries(
    Object.entries(variables)
      .filter(([name, value]) => name.startsWith(PREFIX) && typeof value !== "object")
      .map(([name, value]) => [name.slice(PREFIX.length), String(value)]),
  );
}
