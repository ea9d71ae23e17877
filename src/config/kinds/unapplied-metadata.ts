import type { Path } from "../kind.js";
import type { Findings } from "./findings.js";
import { notApplied } from "./unapplied.js";

/** What stands before the names of node metadata among the variables of a proxy. See Istio, ProxyConfig.proxyMetadata. */
export const METADATA_PREFIX = "ISTIO_META_";

/** Where in files of the proxy its certificates are: here they are the mesh's, and come over the stream. */
const CERTIFICATES = ["TLS_SERVER", "TLS_CLIENT"].flatMap((side) =>
  ["CERT_CHAIN", "KEY", "ROOT_CERT"].map((file) => `${side}_${file}`),
);

/** Node metadata by which Istio's control plane makes other configuration, and this one does not. See Istio, NodeMetadata. */
const UNAPPLIED: ReadonlySet<string> = new Set(CERTIFICATES);

/** Warns of variables of a proxy that ask for what is not done. */
export function* unappliedMetadata(
  variables: Readonly<Record<string, string>>,
  path: Path,
): Findings {
  for (const name of Object.keys(variables)) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    const metadata = name.slice(METADATA_PREFIX.length);
    if (UNAPPLIED.has(metadata)) yield notApplied([...path, name], `the node metadata ${metadata}`);
  }
}
