/** The credentials by which hosts outside the mesh are called and no file gives. */
import { byKey } from "../../base/text/compare-text.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { isVisible, parseExportTo } from "../../config/visibility.js";
import { DEFAULT_DOMAIN, resolveShortName } from "../../mesh/hostname.js";
import { selects } from "../../mesh/labels.js";
import { clientTlsIn } from "../../mesh/security/credential-rules.js";
import type { ExternalHost } from "../outside/stand-ins.js";
import type { LocalWorkload } from "../pods/workloads.js";
import { isMade } from "./made.js";

/** A Secret for calls to hosts outside the mesh: roots by which they are known, and a certificate to show them. */
export interface ClientCredential {
  /** Of the workloads that call. */
  readonly namespace: string;
  readonly name: string;
  /** Whom they call, sorted; never empty. */
  readonly hosts: readonly string[];
}

type DestinationRule = ResourceOf<"DestinationRule">;

/** A Secret's name alone: what has a prefix is a ConfigMap, or of another namespace, to which nobody here gave access. */
const SECRET_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
/** Istio's suffix of a Secret with roots apart from the certificate. */
const ROOTS_SUFFIX = "-cacert";

/** The credentials that DestinationRules name for these hosts and no declared Secret is, by namespace and name. */
export function missingClientCredentials(
  tables: ResourceTables,
  workloads: readonly LocalWorkload[],
  hosts: readonly ExternalHost[],
): readonly ClientCredential[] {
  const external = new Set(hosts.map(({ host }) => host));
  const needed = new Map<string, ClientCredential>();
  for (const [, rule] of tables.DestinationRule.sorted()) {
    const host = resolveShortName(rule.spec.host, rule.metadata.namespace, DEFAULT_DOMAIN);
    if (!external.has(host)) continue;
    for (const { namespace } of workloads.filter((one) => takesCredentials(rule, one))) {
      for (const name of secretsOf(rule)) {
        const key = keyOf({ namespace, name });
        const called = new Set([...(needed.get(key)?.hosts ?? []), host]);
        needed.set(key, { namespace, name, hosts: [...called].sort() });
      }
    }
  }
  return [...needed]
    .filter(([key]) => [key, key + ROOTS_SUFFIX].every((one) => isMissing(tables, one)))
    .sort(byKey)
    .map(([, credential]) => credential);
}

/** Whether a workload takes Secrets from a rule: a gateway from all of its own, a sidecar from those that select it. */
function takesCredentials(
  { metadata, spec }: DestinationRule,
  { namespace, labels, proxy }: LocalWorkload,
): boolean {
  const { workloadSelector, exportTo } = spec;
  if (workloadSelector !== undefined) {
    const isOwn = namespace === metadata.namespace;
    return proxy !== "none" && isOwn && selects(workloadSelector.matchLabels ?? {}, labels);
  }
  const visibility = parseExportTo(exportTo, metadata.namespace, ["*"]);
  return proxy === "router" && isVisible(visibility, namespace);
}

const secretsOf = ({ spec }: DestinationRule): readonly string[] =>
  clientTlsIn(spec)
    .filter(({ mode }) => mode === "SIMPLE" || mode === "MUTUAL")
    .flatMap(({ credentialName = "" }) =>
      SECRET_NAME.test(credentialName) ? [credentialName] : [],
    );

function isMissing(tables: ResourceTables, key: string): boolean {
  const secret = tables.Secret.get(key);
  return secret === undefined || isMade(secret);
}
