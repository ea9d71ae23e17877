import type { ExtensionProvider } from "../extension-provider.js";
import { authorizerProblem, externalAuthorizer } from "../external-authorizer.js";
import type { Finding, Path } from "../kind.js";
import type { ProviderRef } from "../kinds/telemetry.js";
import { notApplied } from "../kinds/unapplied.js";
import type { ResourceOf } from "../kinds.js";
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

/** A warning for each provider of an access log or of metrics that is given nothing: it is not there, or of another kind. */
export function checkTelemetryProviders(
  { spec }: ResourceOf<"Telemetry">,
  providers: readonly ExtensionProvider[],
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
  const { accessLogging = [], metrics = [] } = spec;
  return [
    ...accessLogging.flatMap((one, i) =>
      one.disabled === true ? [] : check(one.providers ?? [], "accessLogging", i),
    ),
    ...metrics.flatMap((one, i) => check(one.providers ?? [], "metrics", i)),
  ];
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
  const host = service.slice(service.indexOf("/") + 1);
  return isKnown(host) ? undefined : `cannot be asked: there is no service ${service}`;
}
