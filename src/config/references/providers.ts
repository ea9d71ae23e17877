import type { Finding, Path } from "../kind.js";
import type { ProviderRef } from "../kinds/telemetry/telemetry.js";
import { notApplied } from "../kinds/value/unapplied.js";
import type { ResourceOf } from "../kinds.js";
import { type ExtensionProvider, telemetryProvider } from "../mesh-config/extension-provider.js";
import { authorizerProblem, externalAuthorizer } from "../mesh-config/external-authorizer.js";
import { logServiceOf } from "../mesh-config/log-service.js";
import type { MeshConfig } from "../mesh-config/mesh-config.js";
import { hostsMeant, ownTracer } from "../mesh-config/own-tracer.js";
import { type Tracer, tracerOf, tracerProblem } from "../mesh-config/tracer.js";
import { REFERENCE_CODE } from "./dangling.js";
import { type HostPorts, hasPort } from "./host-ports.js";
import { findHost, type HostRegistry, meantHost } from "./host-registry.js";

/** A warning when nobody can be asked about what a policy of the action CUSTOM is for: all of it is denied. */
export function checkProvider(
  { spec, metadata }: ResourceOf<"AuthorizationPolicy">,
  providers: readonly ExtensionProvider[],
  known: KnownServices,
): readonly Finding[] {
  if (spec.action !== "CUSTOM") return [];
  const name = spec.provider?.name ?? "";
  const problem = providerProblem(
    providers.find((one) => one.name === name),
    (called) => serviceProblem(called, known, metadata.namespace),
  );
  if (problem === undefined) return [];
  const message = `provider "${name}" ${problem}: every request that the policy is for is denied`;
  const path = ["spec", "provider", "name"];
  return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
}

/** A warning for each provider that is given nothing: it is not there, of another kind, or its service is not known. */
export function checkTelemetryProviders(
  { spec, metadata }: ResourceOf<"Telemetry">,
  providers: readonly ExtensionProvider[],
  known: KnownServices,
): readonly Finding[] {
  const { namespace } = metadata;
  const check = (asked: readonly ProviderRef[], use: Use, i: number): readonly Finding[] =>
    asked.flatMap(({ name }, j) => {
      const path = ["spec", use, i, "providers", j, "name"];
      return uselessProvider(use, name, { providers, known }, { namespace, path });
    });
  const { accessLogging = [], metrics = [], tracing = [] } = spec;
  return [
    ...tracing.flatMap(({ providers: [first] = [], disableSpanReporting }, i) => {
      if (first === undefined || disableSpanReporting === true) return [];
      const path = ["spec", "tracing", i, "providers", 0, "name"];
      return checkTracer(first.name, providers, known, { namespace, path });
    }),
    ...accessLogging.flatMap((one, i) =>
      one.disabled === true ? [] : check(one.providers ?? [], "accessLogging", i),
    ),
    ...metrics.flatMap((one, i) => check(one.providers ?? [], "metrics", i)),
  ];
}

/** The same of the providers to which proxies tell of requests by default. */
export function checkMeshProviders(config: MeshConfig, known: KnownServices): readonly Finding[] {
  const { defaultProviders, extensionProviders: providers, rootNamespace: namespace } = config;
  const [tracer] = defaultProviders.tracing ?? [];
  const ofTracer =
    tracer === undefined
      ? checkOwnTracer(config, known)
      : checkTracer(tracer, providers, known, { namespace, path: [...DEFAULTS, "tracing", 0] });
  const others = (["accessLogging", "metrics"] as const).flatMap((use) =>
    (defaultProviders[use] ?? []).flatMap((name, i) => {
      const path = [...DEFAULTS, use, i];
      return uselessProvider(use, name, { providers, known }, { namespace, path });
    }),
  );
  return [...ofTracer, ...others];
}

const DEFAULTS: Path = ["defaultProviders"];

/** The same of the tracer that proxies have by themselves, whose service may be known by a shorter name. */
function checkOwnTracer(config: MeshConfig, known: KnownServices): readonly Finding[] {
  const own = ownTracer(config)?.settings;
  if (own === undefined) return [];
  const problems = hostsMeant(own.service).map((service) =>
    serviceProblem({ ...own, service }, known, config.rootNamespace),
  );
  if (problems.includes(undefined)) return [];
  const noService = `there is no service ${own.service}`;
  const problem = problems.find((one) => one?.includes(" has no port ") === true) ?? noService;
  const message = `the tracer cannot be told of spans: ${problem}: nothing is traced unless a provider is named`;
  const kind = config.defaultConfig.tracing?.zipkin === undefined ? "lightstep" : "zipkin";
  const path = ["defaultConfig", "tracing", kind, "address"];
  return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
}

/** Where a provider is named, and whose it is. */
interface Naming {
  readonly namespace: string;
  readonly path: Path;
}

function checkTracer(
  name: string,
  providers: readonly ExtensionProvider[],
  known: KnownServices,
  { namespace, path }: Naming,
): readonly Finding[] {
  const provider = telemetryProvider(providers, name);
  const tracer = provider && tracerOf(provider);
  if (provider !== undefined && tracer === undefined) {
    return [notApplied(path, `tracing by provider "${name}", to which Envoy reports no spans,`)];
  }
  const problem =
    tracer === undefined
      ? UNKNOWN
      : reportProblem(tracer, (called) => serviceProblem(called, known, namespace));
  if (problem === undefined) return [];
  const message = `provider "${name}" ${problem}: nothing is traced`;
  return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
}

/** The services that there are. */
export interface KnownServices {
  readonly hosts: HostRegistry;
  readonly ports: HostPorts;
}

/** A service as a provider names it: `[NAMESPACE/]HOST`, and its port. */
interface CalledService {
  readonly service: string;
  readonly port: number;
}

/** Why proxies cannot call a service, if they cannot. A host is found by its full name alone. See Istio, model.LookupCluster. */
function serviceProblem(
  { service, port }: CalledService,
  { hosts, ports }: KnownServices,
  namespace: string,
): string | undefined {
  const host = service.slice(service.indexOf("/") + 1);
  const found = findHost(hosts, host, namespace);
  if (found !== host) {
    const meant = found ?? meantHost(hosts, host, namespace);
    const advice = meant === undefined ? "" : `; give its full name, ${meant}`;
    return `there is no service ${service}${advice}`;
  }
  return hasPort(ports, host, port) ? undefined : `service ${service} has no port ${String(port)}`;
}

type Problem = string | undefined;

function reportProblem(tracer: Tracer, serviceProblemOf: (one: CalledService) => Problem): Problem {
  const problem = tracerProblem(tracer) ?? serviceProblemOf(tracer.settings);
  return problem === undefined ? undefined : `cannot be told of spans: ${problem}`;
}

type Use = keyof typeof USES;

/** By the field of a Telemetry, what a provider has to be, and what it is for. */
const USES = {
  accessLogging: {
    kinds: ["envoyFileAccessLog", "envoyHttpAls", "envoyTcpAls", "envoyOtelAls"],
    called: "log",
    what: "the access log",
    nothing: "nothing is logged to it",
  },
  metrics: {
    kinds: ["prometheus"],
    called: "prometheus",
    what: "the metrics",
    nothing: "no metrics are made for it",
  },
} as const;

function uselessProvider(
  use: Use,
  name: string,
  {
    providers,
    known,
  }: { readonly providers: readonly ExtensionProvider[]; readonly known: KnownServices },
  { namespace, path }: Naming,
): readonly Finding[] {
  const { kinds, called, what, nothing } = USES[use];
  const provider = telemetryProvider(providers, name);
  if (provider !== undefined && kinds.every((kind) => provider[kind] === undefined)) {
    return [notApplied(path, `${what} of provider "${name}", which is no ${called},`)];
  }
  const service = provider && logServiceOf(provider);
  const problem =
    provider === undefined
      ? UNKNOWN
      : service && unreachable(serviceProblem(service.settings, known, namespace));
  if (problem === undefined) return [];
  const message = `provider "${name}" ${problem}: ${nothing}`;
  return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
}

const unreachable = (problem: Problem): Problem =>
  problem === undefined ? undefined : `cannot be told: ${problem}`;

const UNKNOWN = "is none of the mesh configuration's extensionProviders";

function providerProblem(
  provider: ExtensionProvider | undefined,
  serviceProblemOf: (one: CalledService) => Problem,
): Problem {
  if (provider === undefined) return UNKNOWN;
  const authorizer = externalAuthorizer(provider);
  if (authorizer === undefined) return "is no external authorizer";
  const problem = authorizerProblem(authorizer) ?? serviceProblemOf(authorizer.settings);
  return problem === undefined ? undefined : `cannot be asked: ${problem}`;
}
