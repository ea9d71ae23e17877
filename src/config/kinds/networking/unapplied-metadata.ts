import { durationMs } from "../../duration.js";
import type { Path } from "../../kind.js";
import { EXACT_BALANCE_METADATA, IDLE_TIMEOUT_METADATA } from "../../node-metadata.js";
import { doubtful, type Findings } from "../value/findings.js";
import { notApplied } from "../value/unapplied.js";

/** What stands before the names of node metadata among the variables of a proxy. See Istio, ProxyConfig.proxyMetadata. */
export const METADATA_PREFIX = "ISTIO_META_";

/** Where in files of the proxy its certificates are: here they are the mesh's, and come over the stream. */
const CERTIFICATES = ["TLS_SERVER", "TLS_CLIENT"].flatMap((side) =>
  ["CERT_CHAIN", "KEY", "ROOT_CERT"].map((file) => `${side}_${file}`),
);

/** Node metadata by which Istio's control plane makes other configuration, and this one does not. See Istio, NodeMetadata. */
const UNAPPLIED: ReadonlySet<string> = new Set(CERTIFICATES);

/** Why the value of some metadata is not taken; undefined where it is. */
type ValueProblem = (value: string) => string | undefined;

const timeProblem: ValueProblem = (value) =>
  (durationMs(value) ?? -1) < 0
    ? `${JSON.stringify(value)} is no length of time such as 5m, or 0s for ever`
    : undefined;

const flagProblem: ValueProblem = (value) =>
  value === "true" || value === "false"
    ? undefined
    : `${JSON.stringify(value)} is neither "true" nor "false"`;

/** Of the metadata whose value may be wrong. */
const VALUE_PROBLEMS: ReadonlyMap<string, ValueProblem> = new Map([
  [IDLE_TIMEOUT_METADATA, timeProblem],
  ...Object.values(EXACT_BALANCE_METADATA).map((name) => [name, flagProblem] as const),
]);

/** Warns of variables of a proxy that ask for what is not done, and of those that are left out for their value. */
export function* unappliedMetadata(
  variables: Readonly<Record<string, string>>,
  path: Path,
): Findings {
  for (const [name, value] of Object.entries(variables)) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    const metadata = name.slice(METADATA_PREFIX.length);
    if (UNAPPLIED.has(metadata)) yield notApplied([...path, name], `the node metadata ${metadata}`);
    const problem = VALUE_PROBLEMS.get(metadata)?.(value);
    if (problem !== undefined) yield doubtful([...path, name], `${problem}: it is left out`);
  }
}
