/** Which domains, routes and weights can stand together. */

import type {
  RetryPolicy_RetryBackOff,
  RouteAction,
  RouteAction_RequestMirrorPolicy,
  VirtualHost,
  WeightedCluster,
} from "../../../gen/types/envoy/config/route/v3/route_components_pb.js";
import type { RouteConfiguration } from "../../../gen/types/envoy/config/route/v3/route_pb.js";
import { formatProblem } from "../../config/kinds/format/format-problem.js";
import { milliseconds } from "./durations.js";
import { aloneRule, type StructureRule, structureRule } from "./structure-rule.js";
import { textViolation } from "./text-rules.js";
import type { Violation } from "./violation.js";

/** No two virtual hosts of a table, nor one alone, may have a domain twice; case does not count, a port does. */
function* domainViolations(
  hosts: readonly Pick<VirtualHost, "domains">[],
  pathOf: (host: number) => string,
): Iterable<Violation> {
  const seen = new Set<string>();
  for (const [index, { domains }] of hosts.entries()) {
    for (const [at, found] of domains.entries()) {
      const domain = lowerCase(found);
      const path = `${pathOf(index)}domains[${at}]`;
      if (seen.has(domain)) yield { path, problem: "must not be there twice", found };
      seen.add(domain);
    }
  }
}

/** Envoy knows the case of ASCII letters alone. */
const lowerCase = (text: string): string =>
  text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const LARGEST_WEIGHT = 2 ** 32 - 1;

function* weightViolations({ clusters }: WeightedCluster): Iterable<Violation> {
  let sum = 0;
  for (const [index, { name, clusterHeader, weight }] of clusters.entries()) {
    const path = `clusters[${index}]`;
    if ((name === "") === (clusterHeader === "")) {
      yield { path, problem: "must have either name or cluster_header" };
    }
    if (weight === undefined) yield { path: `${path}.weight`, problem: "must be set" };
    sum += weight ?? 0;
  }
  if (clusters.length > 0 && (sum === 0 || sum > LARGEST_WEIGHT)) {
    const problem = `must have weights of 1 to ${LARGEST_WEIGHT} in sum, not ${sum}`;
    yield { path: "clusters", problem };
  }
}

function* actionViolations(action: RouteAction): Iterable<Violation> {
  const { prefixRewrite, regexRewrite, pathRewritePolicy, pathRewrite } = action;
  const rewrites = [prefixRewrite, pathRewrite].filter((text) => text !== "").length;
  const others = [regexRewrite, pathRewritePolicy].filter((one) => one !== undefined).length;
  if (rewrites + others > 1) {
    const problem =
      "must have one of prefix_rewrite, regex_rewrite, path_rewrite and path_rewrite_policy at most";
    yield { path: "", problem };
  }
  yield* textViolation("path_rewrite", pathRewrite, formatProblem(pathRewrite));
  const { hostRewriteSpecifier: host, upgradeConfigs } = action;
  if (host.case === "hostRewrite") {
    yield* textViolation("host_rewrite", host.value, formatProblem(host.value));
  }
  const seen = new Set<string>();
  for (const [index, { upgradeType: found, connectConfig }] of upgradeConfigs.entries()) {
    const type = lowerCase(found);
    const path = `upgrade_configs[${index}]`;
    if (seen.has(type)) {
      yield { path: `${path}.upgrade_type`, problem: "must not be there twice", found };
    }
    if (connectConfig !== undefined && type !== "connect") {
      yield { path: `${path}.connect_config`, problem: "must be for CONNECT alone" };
    }
    seen.add(type);
  }
}

function mirrorViolations({
  cluster,
  clusterHeader,
}: RouteAction_RequestMirrorPolicy): readonly Violation[] {
  return (cluster === "") === (clusterHeader === "")
    ? [{ path: "", problem: "must have either cluster or cluster_header" }]
    : [];
}

function backOffViolations({
  baseInterval: base,
  maxInterval: max,
}: RetryPolicy_RetryBackOff): readonly Violation[] {
  return base !== undefined && max !== undefined && milliseconds(max) < milliseconds(base)
    ? [{ path: "max_interval", problem: "must not be shorter than base_interval" }]
    : [];
}

export const ROUTE_RULES: readonly StructureRule[] = [
  structureRule<RouteConfiguration>(
    "envoy.config.route.v3.RouteConfiguration",
    ({ virtualHosts }) => domainViolations(virtualHosts, (host) => `virtual_hosts[${host}].`),
  ),
  structureRule<WeightedCluster>("envoy.config.route.v3.WeightedCluster", weightViolations),
  structureRule<RouteAction>("envoy.config.route.v3.RouteAction", actionViolations),
  structureRule<RouteAction_RequestMirrorPolicy>(
    "envoy.config.route.v3.RouteAction.RequestMirrorPolicy",
    mirrorViolations,
  ),
  structureRule<RetryPolicy_RetryBackOff>(
    "envoy.config.route.v3.RetryPolicy.RetryBackOff",
    backOffViolations,
  ),
  // Of one in a route configuration the rule for that sees the domains of all.
  aloneRule<VirtualHost>("envoy.config.route.v3.VirtualHost", (host) =>
    domainViolations([host], () => ""),
  ),
];
