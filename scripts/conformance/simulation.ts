import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ClusterJson } from "../../src/envoy/api.js";
import { createEncoder } from "../../src/envoy/resource/encoder.js";
import { type ProxyConfiguration, proxyConfiguration } from "../../src/simulator/configuration.js";
import { simulate } from "../../src/simulator/simulate.js";
import { callOf, differences } from "./simulation-calls.js";
import { SimulationCase } from "./simulation-case.js";
import { simulatedProxy } from "./simulation-mesh.js";
import { defineSuite } from "./suite.js";

const encoder = createEncoder(
  readFileSync(fileURLToPath(new URL("../../gen/envoy.binpb", import.meta.url))),
);

/** Configuration, a proxy and a call: where it goes. */
export const simulation = defineSuite("simulation", SimulationCase, (given) => {
  const { sets, errors } = simulatedProxy(given, encoder);
  const configuration = proxyConfiguration(sets, encoder);
  const failures = FAILURES[given.kind]?.(given, configuration) ?? [`no such kind: ${given.kind}`];
  const problems = errors.map((error) => `error: ${error}`);
  return {
    passed: failures.length === 0,
    got: [...failures, ...problems].join("\n"),
    expected: JSON.stringify(expectationOf(given)),
  };
});

/** What is wrong with each kind of case, one line each. */
const FAILURES: Readonly<
  Record<string, (given: SimulationCase, configuration: ProxyConfiguration) => readonly string[]>
> = {
  traffic: callFailures,
  routeVirtualHosts: virtualHostFailures,
  inboundClusters: inboundClusterFailures,
  structural: structuralFailures,
};

function expectationOf(given: SimulationCase): unknown {
  const calls = (given.calls ?? []).map(({ call, expected }) => ({ call, expected }));
  return given.expectedVirtualHosts ?? given.expectedInboundClusters ?? given.assertions ?? calls;
}

function callFailures(
  { calls = [], proxy }: SimulationCase,
  configuration: ProxyConfiguration,
): readonly string[] {
  const isGateway = proxy.suggestedNodeId.startsWith("router~");
  return calls.flatMap(({ name = "", call, expected, expectedClusterFqdn }) => {
    const outcome = simulate(configuration, callOf(call, isGateway));
    const wanted =
      expectedClusterFqdn === undefined
        ? expected
        : { ...expected, clusterMatched: expectedClusterFqdn };
    const wrong = differences(outcome, wanted);
    if (Object.keys(wrong).length === 0) return [];
    return [`${name}: ${JSON.stringify(wrong)} (${outcome.reasons.join("; ")})`];
  });
}

function virtualHostFailures(
  { routeName = "", expectedVirtualHosts = {} }: SimulationCase,
  { routes }: ProxyConfiguration,
): readonly string[] {
  const hosts = routes.get(routeName)?.virtualHosts ?? [];
  return Object.entries(expectedVirtualHosts).flatMap(([domain, expected]) => {
    const host = hosts.find(({ domains = [] }) => domains.includes(domain));
    const clusters = (host?.routes ?? []).flatMap(({ route }) => route?.cluster ?? []).sort();
    const got = clusters.length === 0 ? null : clusters;
    const same = JSON.stringify(got) === JSON.stringify(expected);
    return same ? [] : [`${domain}: ${JSON.stringify(got)}`];
  });
}

function inboundClusterFailures(
  { expectedInboundClusters = {} }: SimulationCase,
  configuration: ProxyConfiguration,
): readonly string[] {
  const found = [...configuration.clusters.values()].filter(({ name = "" }) =>
    name.startsWith("inbound|"),
  );
  const got = Object.fromEntries(
    found.map(({ name = "", loadAssignment }) => [name, endpointsOf(loadAssignment)]),
  );
  const names = [...new Set([...Object.keys(got), ...Object.keys(expectedInboundClusters)])];
  const wrong = names
    .filter((one) => JSON.stringify(got[one]) !== JSON.stringify(expectedInboundClusters[one]))
    .map((one) => `${one}: ${JSON.stringify(got[one] ?? null)}`);
  return [...wrong, ...inboundCallFailures(Object.keys(expectedInboundClusters), configuration)];
}

function endpointsOf(assignment: ClusterJson["loadAssignment"]): readonly string[] {
  const endpoints = (assignment?.endpoints ?? []).flatMap((locality) => locality.lbEndpoints ?? []);
  return endpoints.map(({ endpoint }) => {
    const { address = "", portValue = 0 } = endpoint?.address?.socketAddress ?? {};
    return endpoint?.address?.pipe?.path ?? `${address}:${String(portValue)}`;
  });
}

/** Each inbound cluster is reached by a call to its port. */
function inboundCallFailures(
  names: readonly string[],
  configuration: ProxyConfiguration,
): readonly string[] {
  return names.flatMap((name) => {
    const port = Number(name.split("|")[1]);
    const call = callOf({ port, protocol: "http", callMode: "inbound" }, false);
    const { clusters, reasons } = simulate(configuration, call);
    return clusters[0]?.name === name ? [] : [`a call to port ${port}: ${reasons.join("; ")}`];
  });
}

const LISTENERS = /^at least (\d+) listeners have port (\d+)/;
const CLUSTER = /^cluster (\S+) has type (\S+), .*length (\d+) with (\d+) lb_endpoints/;

/** Assertions in words, as far as they are about what a proxy is sent. */
function structuralFailures(
  { assertions = [] }: SimulationCase,
  configuration: ProxyConfiguration,
): readonly string[] {
  return [assertions]
    .flat()
    .flatMap((assertion) => [
      ...listenerFailures(assertion, configuration),
      ...clusterFailures(assertion, configuration),
    ]);
}

function listenerFailures(assertion: string, { listeners }: ProxyConfiguration): readonly string[] {
  const [, least, port] = LISTENERS.exec(assertion) ?? [];
  if (least === undefined) return [];
  const found = [...listeners.values()].filter(
    ({ address }) => address?.socketAddress?.portValue === Number(port),
  );
  return found.length >= Number(least) ? [] : [`${found.length} listeners`];
}

function clusterFailures(assertion: string, { clusters }: ProxyConfiguration): readonly string[] {
  const [, name, ...expected] = CLUSTER.exec(assertion) ?? [];
  if (name === undefined) return [];
  const cluster = clusters.get(name);
  const groups = cluster?.loadAssignment?.endpoints ?? [];
  const count = groups.flatMap(({ lbEndpoints = [] }) => lbEndpoints).length;
  // A cluster of DNS has a type of its own in today's API.
  const type = cluster?.clusterType?.name === "envoy.clusters.dns" ? "STRICT_DNS" : cluster?.type;
  const got = `${type ?? "none"} ${groups.length} ${count}`;
  return got === expected.join(" ") ? [] : [got];
}
