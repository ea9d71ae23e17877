import type { Table } from "../base/table.js";
import {
  type ExtensionProvider,
  type LogFormat,
  telemetryProvider,
} from "../config/extension-provider.js";
import { jsonFields, jsonFormatProblem, logFormatProblem } from "../config/kinds/log-format.js";
import type { AccessLogging } from "../config/kinds/telemetry.js";
import type { MeshConfig } from "../config/mesh-config.js";
import {
  appliedTelemetries,
  covers,
  type Telemetry,
  type TelemetryQuery,
  type TelemetrySide,
} from "./applied-telemetry.js";

/** Where and how requests are logged: an Envoy file log of the mesh configuration. */
export interface LogTarget {
  readonly path: string;
  readonly text?: string;
  readonly json?: Readonly<Record<string, unknown>>;
  /** What there is none of is left out of JSON, and is nothing in text, not a hyphen. */
  readonly omitsEmpty?: boolean;
  /** A CEL expression: only requests for which it is true are logged. */
  readonly filter?: string;
}

/** By this name there is a provider in every mesh: its logs are written as the mesh configuration says. */
const BUILT_IN = "envoy";

/** The providers to which requests are logged. */
const LOG_PROVIDERS = [
  "envoyFileAccessLog",
  "envoyHttpAls",
  "envoyTcpAls",
  "envoyOtelAls",
] as const;

/** The log that a provider stands for; undefined for those that write no file. */
function targetOf(
  mesh: MeshConfig,
  { name, envoyFileAccessLog: log }: ExtensionProvider,
  filter: string | undefined,
): LogTarget | undefined {
  if (log === undefined) return undefined;
  const { path = "/dev/stdout", logFormat, omitEmptyValues = false } = log;
  const isAsOfMesh = name === BUILT_IN && logFormat === undefined && !omitEmptyValues;
  return {
    path,
    ...(isAsOfMesh ? meshFormat(mesh) : formatOf(logFormat)),
    ...(omitEmptyValues ? { omitsEmpty: true } : {}),
    ...(filter === undefined ? {} : { filter }),
  };
}

type Format = Pick<LogTarget, "text" | "json">;

/** What Envoy would not take is as if it were not there. */
function formatOf({ labels, text = "" }: LogFormat = {}): Format {
  const isJson = labels !== undefined && jsonFormatProblem(labels) === undefined;
  const isText = text !== "" && logFormatProblem(text) === undefined;
  return {
    ...(isJson ? { json: labels } : {}),
    ...(isText ? { text: text.endsWith("\n") ? text : `${text}\n` } : {}),
  };
}

function meshFormat({ accessLogFormat: format, accessLogEncoding }: MeshConfig): Format {
  if (accessLogEncoding === "JSON") return { json: jsonFields(format) ?? DEFAULT_JSON_FIELDS };
  return format === "" ? {} : { text: format };
}

/** Istio's fields of a JSON log when the mesh configuration names none. */
const DEFAULT_JSON_FIELDS: Readonly<Record<string, string>> = {
  authority: "%REQ(:AUTHORITY)%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  connection_termination_details: "%CONNECTION_TERMINATION_DETAILS%",
  downstream_local_address: "%DOWNSTREAM_LOCAL_ADDRESS%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  duration: "%DURATION%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  request_id: "%REQ(X-REQUEST-ID)%",
  requested_server_name: "%REQUESTED_SERVER_NAME%",
  response_code: "%RESPONSE_CODE%",
  response_code_details: "%RESPONSE_CODE_DETAILS%",
  response_flags: "%RESPONSE_FLAGS%",
  route_name: "%ROUTE_NAME%",
  start_time: "%START_TIME%",
  upstream_cluster: "%UPSTREAM_CLUSTER_RAW%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_local_address: "%UPSTREAM_LOCAL_ADDRESS%",
  upstream_service_time: "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
  upstream_transport_failure_reason: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  user_agent: "%REQ(USER-AGENT)%",
  x_forwarded_for: "%REQ(X-FORWARDED-FOR)%",
};

/** What is logged to a provider. */
interface ProviderLog {
  readonly disabled: boolean;
  readonly filter: string | undefined;
}

const EVERYTHING: ProviderLog = { disabled: false, filter: undefined };

const namesOf = ({ providers = [] }: AccessLogging): readonly string[] =>
  providers.map(({ name }) => name);

/** The providers to which is logged: those that the most specific of what names any name together. */
function providersInScope(
  said: readonly (readonly AccessLogging[])[],
  byDefault: readonly string[],
  side: TelemetrySide,
): ReadonlySet<string> {
  const named = said.map((one) => one.filter((logging) => isFor(logging, side)).flatMap(namesOf));
  return new Set(named.findLast((names) => names.length > 0) ?? byDefault);
}

/**
 * By name what is logged to the providers that Telemetries speak of. Who names a provider says anew which requests are logged
 * to it. Who names none speaks of those that were named last, on whatever side, and has no filter of its own. See Istio,
 * mergeLogs.
 */
function providerLogs(
  said: readonly (readonly AccessLogging[])[],
  byDefault: readonly string[],
  side: TelemetrySide,
): ReadonlyMap<string, ProviderLog> {
  if (said.length === 0) return new Map(byDefault.map((name) => [name, EVERYTHING]));
  const inScope = providersInScope(said, byDefault, side);
  const logs = new Map<string, ProviderLog>();
  const filters = new Map<string, string | undefined>();
  let spokenOf = byDefault;
  for (const logging of said.flat()) {
    const named = namesOf(logging);
    spokenOf = named.length > 0 ? named : spokenOf;
    if (!isFor(logging, side)) continue;
    for (const name of named) filters.set(name, logging.filter?.expression);
    for (const name of spokenOf.filter((one) => inScope.has(one))) {
      logs.set(name, { disabled: logging.disabled === true, filter: filters.get(name) });
    }
  }
  return logs;
}

const isFor = ({ match }: AccessLogging, side: TelemetrySide): boolean => covers(match?.mode, side);

/** Whether anything can be logged to a provider, by whomever. */
const takesLogs = (provider: ExtensionProvider): boolean =>
  LOG_PROVIDERS.some((kind) => provider[kind] !== undefined);

/** The log file of the mesh configuration. */
const meshLog = (mesh: MeshConfig): readonly LogTarget[] =>
  mesh.accessLogFile === "" ? [] : [{ path: mesh.accessLogFile, ...meshFormat(mesh) }];

/**
 * The logs that a workload's proxy writes on one side of a request: what Telemetries say of the providers for logs, each more
 * specific one over the less specific. Where no such provider is spoken of, not even to switch it off, it is the log file of
 * the mesh configuration. See Istio, Telemetry.accessLogging.
 */
export function accessLogs(
  telemetries: Table<Telemetry>,
  mesh: MeshConfig,
  query: TelemetryQuery,
): readonly LogTarget[] {
  const said = appliedTelemetries(telemetries, query)
    .map(({ spec }) => spec.accessLogging ?? [])
    .filter((all) => all.length > 0);
  const byDefault = mesh.defaultProviders.accessLogging ?? [];
  const logs = [...providerLogs(said, byDefault, query.side)].flatMap(([name, log]) => {
    const provider = telemetryProvider(mesh.extensionProviders, name);
    return provider !== undefined && takesLogs(provider) ? [{ provider, log }] : [];
  });
  if (logs.length === 0) return meshLog(mesh);
  return logs
    .filter(({ log }) => !log.disabled)
    .sort((a, b) => (a.provider.name < b.provider.name ? -1 : 1))
    .flatMap(({ provider, log }) => targetOf(mesh, provider, log.filter) ?? []);
}
