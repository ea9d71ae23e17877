/** How parts of statistic names become labels, so that dashboards made for Istio's sidecars find theirs. */

/** A label, and the regular expression whose first group is cut out of the name and whose second is its value. */
export interface StatsTag {
  readonly tagName: string;
  readonly regex: string;
}

/** The first address in a statistic's name: digits and hexadecimal digits with the separators of IPv4 and IPv6. */
const ADDRESS = String.raw`(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)`;

/** The name of a cluster in a statistic's: up to the semicolon with which ours end, else as Istio has it. */
const CLUSTER = String.raw`[^;]+(?=;)|.+?(\..+?\.svc\.cluster\.local)?`;

/** What stands before the statistics of policies: those of requests, and those of connections. */
const POLICIES = [String.raw`^http\.[^;]+;\.rbac`, String.raw`^tcp\.rbac`];

/** A label of the statistics of policies. */
const policyTags = (tagName: string, regex: string): readonly StatsTag[] =>
  POLICIES.map((before) => ({ tagName, regex: `${before}${regex}` }));

/**
 * The labels that Istio's bootstrap defines, as far as a core Envoy has statistics for them. Envoy tries an expression on
 * the statistics alone whose names begin with what follows its `^`; one without costs each cluster a millisecond of CPU.
 */
export const STATS_TAGS: readonly StatsTag[] = [
  { tagName: "cluster_name", regex: String.raw`^cluster\.((${CLUSTER});?\.)` },
  { tagName: "tcp_prefix", regex: String.raw`^tcp\.((.*?)\.)\w+?$` },
  { tagName: "response_code", regex: String.raw`_rq(_(\d{3}))$` },
  { tagName: "response_code_class", regex: String.raw`_rq(_(\dxx))$` },
  {
    tagName: "http_conn_manager_listener_prefix",
    regex: String.raw`^listener(?=\.).*?\.http\.${ADDRESS}`,
  },
  { tagName: "http_conn_manager_prefix", regex: String.raw`^http\.${ADDRESS}` },
  { tagName: "listener_address", regex: String.raw`^listener\.${ADDRESS}` },
  {
    tagName: "mongo_prefix",
    regex: String.raw`^mongo\.(.+?)\.(collection|cmd|cx_|op_|delays_|decoding_)(.*?)$`,
  },
  ...policyTags("authz_enforce_result", String.raw`(\.(allowed|denied))`),
  ...policyTags("authz_dry_run_action", String.raw`(\.istio_dry_run_(allow|deny)_)`),
  ...policyTags(
    "authz_dry_run_result",
    String.raw`(?:\.istio_dry_run_\w+)?(\.shadow_(allowed|denied))`,
  ),
];
