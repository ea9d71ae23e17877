/** What a bootstrap says of statistics: their labels, which of them there are, and who is sent them. */
import type { ProxyStatistics, StatsMatcher } from "../../config/mesh-config/proxy-statistics.js";
import { socketAddress } from "../address.js";
import { any } from "../any.js";
import type { StatsMatcherJson } from "../api.js";
import { METRICS_SCOPE } from "../names.js";
import { XDS_CLUSTER } from "./control-plane-cluster.js";
import { STATS_TAGS } from "./stats-tags.js";

/** What is kept whatever is asked for: how the proxy itself is, policies, routes that are counted, and Istio's metrics. */
const ALWAYS: StatsMatcher = {
  prefixes: [
    ...["cluster_manager", "listener_manager", "server"],
    ...[`cluster.${XDS_CLUSTER}`, METRICS_SCOPE],
  ],
  suffixes: ["rbac.allowed", "rbac.denied", "shadow_allowed", "shadow_denied"],
  regexps: [String.raw`vhost\..*\.route\..*`],
};

/** In patterns: each of the addresses of the proxy. */
const POD_IP = "{pod_ip}";

/** The fields of a bootstrap for a proxy at these addresses. See Istio, bootstrap.getStatsOptions. */
export function bootstrapStatistics(
  { kept, statsd }: ProxyStatistics,
  addresses: readonly string[],
): object {
  return {
    statsConfig: {
      useAllDefaultTags: false,
      statsTags: STATS_TAGS,
      ...(kept === undefined ? {} : { statsMatcher: matcherOf(kept, addresses) }),
    },
    ...(statsd === undefined
      ? {}
      : {
          statsSinks: [
            {
              name: "envoy.stat_sinks.statsd",
              typedConfig: any("envoy.config.metrics.v3.StatsdSink", {
                address: socketAddress(statsd.address, statsd.port),
              }),
            },
          ],
        }),
  };
}

function matcherOf(kept: StatsMatcher, addresses: readonly string[]): StatsMatcherJson {
  const all = (name: keyof StatsMatcher): readonly string[] => {
    const own = kept[name].flatMap((text) =>
      text.includes(POD_IP) ? addresses.map((one) => text.replaceAll(POD_IP, one)) : [text],
    );
    return [...new Set([...own, ...ALWAYS[name]])];
  };
  return {
    inclusionList: {
      patterns: [
        ...all("prefixes").map((prefix) => ({ prefix })),
        ...all("suffixes").map((suffix) => ({ suffix })),
        ...all("regexps").map((regex) => ({ safeRegex: { regex } })),
      ],
    },
  };
}
