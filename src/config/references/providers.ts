import type { ExtensionProvider } from "../extension-provider.js";
import { authorizerProblem, externalAuthorizer } from "../external-authorizer.js";
import type { Finding, Path } from "../kind.js";
import type { ProviderRef } from "../kinds/telemetry.js";
import { notApplied } from "../kinds/unapplied.js";
import type { ResourceOf } from "../kinds.js";
import type { MeshConfig } from "../mesh-config.js";
import { type Tracer, tracerOf, tracerProblem } from "../tracer.js";
import { REFERENCE_CODE } from "./dangling.js";
import { findHost, type HostRegistry } from "./host-registry.js";

/** A warning when nobody can be asked about what a policy of the action CUSTOM is for: all of it is denied. */
export function checkProvider(
  { spec, metadata }: ResourceOf<"AuthorizationPolicy">,
  providers: readonly ExtensionProvider[],
  hosts: HostRegistry,
): readonly Finding[] {
  if (spec.action !== "CUSTOM") return [];
  const name = spec.provider?.name ?? "";
  const problem = providerProblem(
    providers.find((one) => one.name === name),
    (host) => findHost(hosts, host, metadata.namespace) !== undefined,
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
  hosts: HostRegistry,
): readonly Finding[] {
  const check = (
    asked: readonly ProviderRef[],
    field: "accessLogging" | "metrics",
    i: number,
  ): readonly Finding[] =>
    asked.flatMap(({ name }, j) => {
      const provider = providers.find((one) => one.name === name);
      return uselessProvider(name, provider, ["spec", field, i, "providers", j, "name"]);
    });
  const { accessLogging = [], metrics = [], tracing = [] } = spec;
  return [
    ...tracing.flatMap(({ providers: [first] = [], disableSpanReporting }, i) => {
      if (first === undefined || disableSpanReporting === true) return [];
      const path = ["spec", "tracing", i, "providers", 0, "name"];
      return checkTracer(first.name, providers, hosts, { namespace: metadata.namespace, path });
    }),
    ...accessLogging.flatMap((one, i) =>
      one.disabled === true ? [] : check(one.providers ?? [], "accessLogging", i),
    ),
    ...metrics.flatMap((one, i) => check(one.providers ?? [], "metrics", i)),
  ];
}

/** A warning when the provider to which proxies report spans by default is given none. */
export function checkMeshTracer(
  { defaultProviders, extensionProviders, rootNamespace: namespace }: MeshConfig,
  hosts: HostRegistry,
): readonly Finding[] {
  const [name] = defaultProviders.tracing ?? [];
  if (name === undefined) return [];
  const path = ["defaultProviders", "tracing", 0];
  return checkTracer(name, extensionProviders, hosts, { namespace, path });
}

/** Where a provider is named, and whose it is. */
interface Naming {
  readonly namespace: string;
  readonly path: Path;
}

function checkTracer(
  name: string,
  providers: readonly ExtensionProvider[],
  hosts: HostRegistry,
  { namespace, path }: Naming,
): readonly Finding[] {
  const provider = providers.find((one) => one.name === name);
  const tracer = provider && tracerOf(provider);
  if (provider !== undefined && tracer === undefined) {
    return [notApplied(path, `tracing by provider "${name}", to which Envoy reports no spans,`)];
  }
  const isKnown = (host: string): boolean => findHost(hosts, host, namespace) !== undefined;
  const problem = tracer === undefined ? UNKNOWN : reportProblem(tracer, isKnown);
  if (problem === undefined) return [];
  const message = `provider "${name}" ${problem}: nothing is traced`;
  return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
}

/** The host of `[NAMESPACE/]HOST`. */
const hostIn = (service: string): string => service.slice(service.indexOf("/") + 1);

function reportProblem(tracer: Tracer, isKnown: (host: string) => boolean): string | undefined {
  const { service } = tracer.settings;
  const problem = tracerProblem(tracer);
  if (problem !== undefined) return `cannot be told of spans: ${problem}`;
  return isKnown(hostIn(service))
    ? undefined
    : `cannot be told of spans: there is no service ${service}`;
}

/** By the field of a Telemetry, what a provider has to be, and what it is for. */
const USES = {
  accessLogging: {
    kind: "envoyFileAccessLog",
    what: "the access log",
    nothing: "nothing is logged to it",
  },
  metrics: { kind: "prometheus", what: "the metrics", nothing: "no metrics are made for it" },
} as const;

function uselessProvider(
  name: string,
  provider: ExtensionProvider | undefined,
  path: readonly ["spec", keyof typeof USES, ...Path],
): readonly Finding[] {
  const { kind, what, nothing } = USES[path[1]];
  if (provider === undefined) {
    const message = `provider "${name}" ${UNKNOWN}: ${nothing}`;
    return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
  }
  return provider[kind] === undefined
    ? [notApplied(path, `${what} of provider "${name}", which is no ${kind},`)]
    : [];
}

const UNKNOWN = "is none of the mesh configuration's extensionProviders";

function providerProblem(
  provider: ExtensionProvider | undefined,
  isKnown: (host: string) => boolean,
): string | undefined {
  if (provider === undefined) return UNKNOWN;
  const authorizer = externalAuthorizer(provider);
  if (authorizer === undefined) return "is no external authorizer";
  const problem = authorizerProblem(authorizer);
  if (problem !== undefined) return `cannot be asked: ${problem}`;
  const { service } = authorizer.settings;
  return isKnown(hostIn(service)) ? undefined : `cannot be asked: there is no service ${service}`;
}
