/** How parts of statistic names become labels, so that dashboards made for Istio's sidecars find theirs. */

/** A label, and the regular expression whose first group is cut out of the name and whose second is its value. */
export interface StatsTag {
  readonly tagName: string;
  readonly regex: string;
}

/** The first address in a statistic's name: digits and hexadecimal digits with the separators of IPv4 and IPv6. */
const ADDRESS = String.raw`(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)`;

/** The labels that Istio's bootstrap defines, as far as a core Envoy has statistics for them. */
export const STATS_TAGS: readonly StatsTag[] = [
  {
    tagName: "cluster_name",
    regex: String.raw`^cluster\.((.+?(\..+?\.svc\.cluster\.local)?)\.)`,
  },
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
  { tagName: "authz_enforce_result", regex: String.raw`rbac(\.(allowed|denied))` },
  { tagName: "authz_dry_run_action", regex: String.raw`(\.istio_dry_run_(allow|deny)_)` },
  { tagName: "authz_dry_run_result", regex: String.raw`(\.shadow_(allowed|denied))` },
];
