import type { Path } from "../../config/kind.js";
import type { AuthorizationRule } from "../../config/kinds/security/authorization-policy.js";
import { isTlsProtocol } from "../../config/kinds/value/protocols.js";
import { NO_PORT_TRANSLATION } from "../../mesh/gateway/gateway.js";
import { selects } from "../../mesh/labels.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { Draft } from "../draft.js";
import { type AnalyzedOf, fullName } from "../resources.js";
import type { Workload } from "../workloads.js";

type Policy = AnalyzedOf<"AuthorizationPolicy">;
type Rule = Draft<AuthorizationRule>;

/**
 * AuthorizationPolicies of gateways that pass TLS on: with AUTO_PASSTHROUGH a gateway asks none, and with PASSTHROUGH it sees
 * addresses, ports and the name in the TLS handshake alone. Istio has no analyzer for it.
 */
export const passedThroughPolicyAnalyzer: Analyzer = {
  name: "auth.PassedThroughPolicyAnalyzer",
  description:
    "whether gateways ask AuthorizationPolicies for TLS that they pass on, and see what these name",
  *analyze(context) {
    const servers = passingServers(context);
    if (servers.length === 0) return;
    for (const policy of context.resources.all("AuthorizationPolicy")) {
      const own = serversOf(policy, servers, context);
      yield* unaskedReports(policy, own);
      yield* unseenReports(policy, own);
    }
  },
};

/** A server of a Gateway that passes TLS on as it comes. */
interface PassingServer {
  readonly gateway: AnalyzedOf<"Gateway">;
  readonly port: number;
  /** The ports on which its workloads listen for it, which are those that policies are asked for. */
  readonly listening: readonly number[];
  /** Whether it finds the service by itself, without asking policies. */
  readonly auto: boolean;
}

function passingServers({
  resources,
}: AnalysisContext): readonly Omit<PassingServer, "listening">[] {
  return resources.all("Gateway").flatMap((gateway) =>
    (gateway.spec.servers ?? []).flatMap(({ port, tls }) => {
      if (tls === undefined || !isTlsProtocol(port?.protocol ?? "")) return [];
      const { mode = "PASSTHROUGH" } = tls;
      if (mode !== "PASSTHROUGH" && mode !== "AUTO_PASSTHROUGH") return [];
      return [{ gateway, port: port?.number ?? 0, auto: mode === "AUTO_PASSTHROUGH" }];
    }),
  );
}

/**
 * Those at workloads that a policy is for. A policy for the whole mesh is asked by the workloads behind as well; one with
 * targets is for gateways that no Gateway of Istio's selects.
 */
function serversOf(
  { namespace, spec }: Policy,
  servers: readonly Omit<PassingServer, "listening">[],
  context: AnalysisContext,
): readonly PassingServer[] {
  const { workloads, meshConfig } = context;
  const isForMesh = namespace === meshConfig.rootNamespace;
  const labels = spec.selector?.matchLabels ?? {};
  const hasTargets = spec.targetRef !== undefined || (spec.targetRefs ?? []).length > 0;
  if (hasTargets || (isForMesh && Object.keys(labels).length === 0)) return [];
  return servers.flatMap((server) => {
    const ports = workloads
      .selected(server.gateway.spec.selector ?? {}, isForMesh ? undefined : namespace)
      .filter((workload) => selects(labels, workload.labels))
      .map((workload) => listenPort(workload, server.port, context));
    return ports.length === 0 ? [] : [{ ...server, listening: [...new Set(ports)] }];
  });
}

/** The port on which a workload listens for one of a Gateway: where the first Service in front of it with that port leads. */
function listenPort(workload: Workload, port: number, { resources }: AnalysisContext): number {
  const targets = resources
    .all("Service")
    .filter(
      ({ namespace, labels, spec }) =>
        namespace === workload.namespace &&
        labels[NO_PORT_TRANSLATION] === undefined &&
        Object.keys(spec.selector ?? {}).length > 0 &&
        selects(spec.selector ?? {}, workload.labels),
    )
    .flatMap(({ spec }) => spec.ports ?? [])
    .filter((one) => one.port === port)
    .flatMap(({ targetPort = port }) => targetOf(workload, targetPort) ?? []);
  return targets[0] ?? port;
}

function targetOf({ pod }: Workload, target: number | string): number | undefined {
  if (typeof target === "number") return target;
  const ports = (pod.containers ?? []).flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === target)?.containerPort;
}

function* unaskedReports(policy: Policy, servers: readonly PassingServer[]): Iterable<Report> {
  const rules = policy.spec.rules ?? [];
  const server = servers.find(
    ({ auto, listening }) =>
      auto && (rules.length === 0 || rules.some((rule) => isForPorts(rule, listening))),
  );
  if (server === undefined) return;
  const message =
    `the policy is not asked for port ${server.port} of Gateway ${fullName(server.gateway)}, whose mode AUTO_PASSTHROUGH passes ` +
    "TLS on: write it for the workloads behind, which know who calls";
  const path = policy.spec.selector === undefined ? ["spec"] : ["spec", "selector"];
  yield { resource: policy, code: "unasked-policy", path, message };
}

const EFFECTS = {
  ALLOW: "the rule allows none of it",
  DENY: "the rule denies all that its other parts are for",
  AUDIT: "the rule audits all that its other parts are for",
} as const;

function* unseenReports(policy: Policy, servers: readonly PassingServer[]): Iterable<Report> {
  const { action = "ALLOW", rules = [] } = policy.spec;
  if (action === "CUSTOM") return;
  for (const [i, rule] of rules.entries()) {
    const path = unseenPath(rule, ["spec", "rules", i]);
    const server = servers.find(
      ({ auto, listening }) =>
        !auto && isForPorts(rule, listening) && !isAllowedOtherwise(policy, listening),
    );
    if (path === undefined || server === undefined) continue;
    const message =
      `Gateway ${fullName(server.gateway)} cannot see this in the TLS that it passes on at port ${server.port}: ${EFFECTS[action]}; ` +
      "there, ask for addresses, ports and connection.sni alone";
    yield { resource: policy, code: "unseen-by-gateway", path, message };
  }
}

/** Whether a policy lets connections of ports through by a rule that can be decided, so that the others are for others. */
function isAllowedOtherwise({ spec }: Policy, listening: readonly number[]): boolean {
  const { action = "ALLOW", rules = [] } = spec;
  return (
    action === "ALLOW" &&
    rules.some((rule) => isForPorts(rule, listening) && unseenPath(rule, []) === undefined)
  );
}

/** Whether a rule can be for one of some ports, by its operations. */
function isForPorts({ to = [] }: Rule, listening: readonly number[]): boolean {
  return (
    to.length === 0 ||
    listening.map(String).some((port) =>
      to.some(({ operation: { ports, notPorts = [] } = {} }) => {
        return (ports === undefined || ports.includes(port)) && !notPorts.includes(port);
      }),
    )
  );
}

const SEEN_OF_SOURCE = /^(not)?(remote)?ipBlocks$/i;
const SEEN_OF_OPERATION = /^(not)?ports$/i;
const SEEN_KEY = /^((source|remote|destination)\.ip|destination\.port|connection\.sni)$/;

/** The first thing that a rule asks and nobody sees in TLS that is passed on. */
function unseenPath({ from = [], to = [], when = [] }: Rule, at: Path): Path | undefined {
  const unseenIn = (part: object, seen: RegExp, path: Path): readonly Path[] =>
    Object.keys(part)
      .filter((field) => !seen.test(field))
      .map((field) => [...path, field]);
  const [first] = [
    ...from.flatMap(({ source = {} }, i) =>
      unseenIn(source, SEEN_OF_SOURCE, [...at, "from", i, "source"]),
    ),
    ...to.flatMap(({ operation = {} }, i) =>
      unseenIn(operation, SEEN_OF_OPERATION, [...at, "to", i, "operation"]),
    ),
    ...when.flatMap(({ key = "" }, i) => (SEEN_KEY.test(key) ? [] : [[...at, "when", i, "key"]])),
  ];
  return first;
}
