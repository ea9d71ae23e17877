import type { ExtensionProvider } from "../extension-provider.js";
import { authorizerProblem, externalAuthorizer } from "../external-authorizer.js";
import type { Finding, Path } from "../kind.js";
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

/** A warning for each provider of an access log that logs nothing: it is not there, or writes no file. */
export function checkLogProviders(
  { spec }: ResourceOf<"Telemetry">,
  providers: readonly ExtensionProvider[],
): readonly Finding[] {
  return (spec.accessLogging ?? []).flatMap(({ disabled, providers: asked = [] }, i) =>
    disabled === true
      ? []
      : asked.flatMap(({ name }, j) =>
          logProblem(
            name,
            providers.find((one) => one.name === name),
            ["spec", "accessLogging", i, "providers", j, "name"],
          ),
        ),
  );
}

function logProblem(
  name: string,
  provider: ExtensionProvider | undefined,
  path: Path,
): readonly Finding[] {
  if (provider === undefined) {
    const message = `provider "${name}" ${UNKNOWN}: nothing is logged to it`;
    return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
  }
  return provider.envoyFileAccessLog === undefined
    ? [notApplied(path, `the access log of provider "${name}", which is no envoyFileAccessLog,`)]
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
