/** The rules of providers that their schema cannot say. See Istio, pkg/config/validation/agent/extensionprovider. */

import type { Path } from "../kind.js";
import { jsonFormatProblem, logFormatProblem } from "../kinds/format/log-format.js";
import { domainProblem, isIpAddress } from "../kinds/value/dns-names.js";
import {
  atMostOne,
  each,
  type Findings,
  given,
  invalid,
  refuse,
  unique,
} from "../kinds/value/findings.js";
import { checkEgressHost } from "../kinds/value/host-patterns.js";
import type { ExtensionProvider, LogFormat } from "./extension-provider.js";

/**
 * What keeps a provider from being used, or makes it doubtful which is meant. Whether an external authorizer can be asked is
 * said where a policy asks it.
 */
export function* checkExtensionProviders(
  providers: readonly ExtensionProvider[],
  path: Path,
): Findings {
  const names = providers.map(({ name }) => name);
  yield* unique(names, (index) => [...path, index, "name"], "provider");
  yield* each(providers, path, checkProvider);
}

function* checkProvider({ name: _, ...kinds }: ExtensionProvider, path: Path): Findings {
  const [kind, settings] = Object.entries(kinds)[0] ?? [];
  if (kind === undefined) yield invalid(path, "the provider is none: give one, such as zipkin");
  yield* atMostOne(kinds, path, Object.keys(kinds));
  yield* given(serviceOf(settings), [...path, kind ?? "", "service"], checkService);
  const { opentelemetry, lightstep } = kinds;
  for (const log of ["envoyFileAccessLog", "envoyOtelAls"] as const) {
    yield* given(kinds[log]?.logFormat, [...path, log, "logFormat"], checkFormat);
  }
  yield* given(opentelemetry, [...path, "opentelemetry"], (otel, at) =>
    atMostOne(otel, at, ["http", "grpc"]),
  );
  if (lightstep !== undefined && (lightstep.accessToken ?? "") === "") {
    yield invalid([...path, "lightstep", "accessToken"], "lightstep needs an accessToken");
  }
}

/** What has no format of Envoy's is logged as Istio does without one: Envoy would refuse all listeners. */
function* checkFormat({ text = "", labels }: LogFormat, path: Path): Findings {
  yield* refuse([...path, "text"], logFormatProblem(text));
  yield* refuse([...path, "labels"], jsonFormatProblem(labels));
}

function serviceOf(settings: object | undefined): string | undefined {
  const service = settings !== undefined && "service" in settings ? settings.service : undefined;
  return typeof service === "string" ? service : undefined;
}

/** A host by its name or address, or `namespace/host`. */
function checkService(service: string, path: Path): Findings {
  if (service.includes("/")) return checkEgressHost(service, path);
  return refuse(path, isIpAddress(service) ? undefined : domainProblem(service));
}
