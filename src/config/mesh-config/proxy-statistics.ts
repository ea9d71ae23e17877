/** What the settings of a proxy say of its statistics: which of them it keeps, and who is sent them. */

import type { Path } from "../kind.js";
import { isIpAddress } from "../kinds/value/dns-names.js";
import { doubtful, each, type Findings, given } from "../kinds/value/findings.js";
import { syntaxProblem } from "../kinds/value/regular-expressions.js";
import { notApplied } from "../kinds/value/unapplied.js";
import type { ProxyConfigFields } from "./mesh-config-schema.js";

/** Statistics by their names. */
export interface StatsMatcher {
  readonly prefixes: readonly string[];
  readonly suffixes: readonly string[];
  /** In RE2's syntax, of whole names. */
  readonly regexps: readonly string[];
}

/** See the top of this file. */
export interface ProxyStatistics {
  /** Those that are kept beside what is always kept; all when absent. */
  readonly kept?: StatsMatcher;
  /** Where a server of statsd is, by UDP. */
  readonly statsd?: { readonly address: string; readonly port: number };
}

/** The annotations of pods that say it too, in a list with commas, and win. See Istio, bootstrap.getStatsOptions. */
const ANNOTATIONS = {
  inclusionPrefixes: "sidecar.istio.io/statsInclusionPrefixes",
  inclusionSuffixes: "sidecar.istio.io/statsInclusionSuffixes",
  inclusionRegexps: "sidecar.istio.io/statsInclusionRegexps",
} as const;

/** The one of them whose value may be wrong. */
export const REGEXPS_ANNOTATION = ANNOTATIONS.inclusionRegexps;

/** What settings and the annotations of a pod say. What Envoy would not start with is left out. */
export function proxyStatistics(
  { proxyStatsMatcher = {}, statsdUdpAddress = "" }: ProxyConfigFields,
  annotations: Readonly<Record<string, string>>,
): ProxyStatistics {
  const listed = (name: keyof typeof ANNOTATIONS): readonly string[] => {
    const annotation = annotations[ANNOTATIONS[name]] ?? "";
    const texts = annotation === "" ? (proxyStatsMatcher[name] ?? []) : annotation.split(",");
    return texts.filter((text) => text !== "");
  };
  const kept: StatsMatcher = {
    prefixes: listed("inclusionPrefixes"),
    suffixes: listed("inclusionSuffixes"),
    regexps: listed("inclusionRegexps").filter((one) => syntaxProblem(one) === undefined),
  };
  const isAsked = Object.values(kept).some((list: readonly string[]) => list.length > 0);
  const statsd = ipSocket(statsdUdpAddress);
  return { ...(isAsked ? { kept } : {}), ...(statsd === undefined ? {} : { statsd }) };
}

/** Warns of what of it is left out. */
export function* checkStatistics(config: ProxyConfigFields, path: Path): Findings {
  const { proxyStatsMatcher, statsdUdpAddress = "" } = config;
  yield* given(proxyStatsMatcher, [...path, "proxyStatsMatcher"], ({ inclusionRegexps }, at) =>
    each(inclusionRegexps, [...at, "inclusionRegexps"], checkRegexp),
  );
  if (statsdUdpAddress !== "" && ipSocket(statsdUdpAddress) === undefined) {
    const what = "a statsdUdpAddress that is no IP address and port";
    yield notApplied([...path, "statsdUdpAddress"], what);
  }
}

/** Warns of what Envoy would take for no regular expression. */
export function* checkRegexp(regexp: string, path: Path): Findings {
  const problem = regexp === "" ? undefined : syntaxProblem(regexp);
  if (problem !== undefined) yield doubtful(path, `${problem}: it is left out`);
}

/** `192.0.2.1:8125` or `[2001:db8::1]:8125`; undefined of all else. */
function ipSocket(text: string): ProxyStatistics["statsd"] {
  const [, bracketed, bare, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const address = bracketed ?? bare ?? "";
  return isIpAddress(address) ? { address, port: Number(port) } : undefined;
}
