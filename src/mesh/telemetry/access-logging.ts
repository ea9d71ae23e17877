/** Where the proxy of a workload logs requests, and in which form: what Telemetry resources and the mesh configuration say. */
import { given } from "../../base/defined.js";
import type { Table } from "../../base/table/table.js";
import {
  jsonFields,
  jsonFormatProblem,
  logFormatProblem,
} from "../../config/kinds/format/log-format.js";
import type { AccessLogging } from "../../config/kinds/telemetry/telemetry.js";
import {
  type ExtensionProvider,
  type LogFormat,
  telemetryProvider,
} from "../../config/mesh-config/extension-provider.js";
import { type LogService, logServiceOf } from "../../config/mesh-config/log-service.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { ProviderHosts } from "../security/security-policies.js";
import {
  appliedTelemetries,
  covers,
  type Telemetry,
  type TelemetryQuery,
  type TelemetrySide,
} from "./applied-telemetry.js";

/** What is written of a request; Istio's usual words where neither is given. */
interface LogFields {
  readonly text?: string;
  readonly json?: Readonly<Record<string, unknown>>;
}

/** A file. */
export interface LogFile extends LogFields {
  readonly path: string;
  /** What there is none of is left out of JSON, and is nothing in text, not a hyphen. */
  readonly omitsEmpty?: boolean;
}

/** Somebody who is told by gRPC. */
export interface ToldLogService extends LogFields {
  readonly service: LogService;
  /** The host of the service. */
  readonly hostname: string;
}

/** Where and how requests are logged. */
export type LogTarget = (LogFile | ToldLogService) & {
  /** A CEL expression: only requests for which it is true are logged. */
  readonly filter?: string;
};

/** By this name there is a provider in every mesh: its logs are written as the mesh configuration says. */
const BUILT_IN = "envoy";

/** The log that a provider stands for; undefined for those that are none, and those whose service is not known. */
function targetOf(
  mesh: MeshConfig,
  hosts: ProviderHosts,
  provider: ExtensionProvider,
): LogTarget | undefined {
  const { name, envoyFileAccessLog: log } = provider;
  if (log === undefined) return serviceTargetOf(hosts, provider);
  const { path, logFormat, omitEmptyValues = false } = log;
  const isAsOfMesh = name === BUILT_IN && logFormat === undefined && !omitEmptyValues;
  return {
    path: given(path) ?? "/dev/stdout",
    ...(isAsOfMesh ? meshFormat(mesh) : inLines(fileFormat(logFormat))),
    ...(omitEmptyValues ? { omitsEmpty: true } : {}),
  };
}

function serviceTargetOf(
  hosts: ProviderHosts,
  provider: ExtensionProvider,
): ToldLogService | undefined {
  const service = logServiceOf(provider);
  const hostname = service && hosts.get(service.settings.service);
  if (service === undefined || hostname === undefined) return undefined;
  const format = service.kind === "envoyOtelAls" ? formatOf(service.settings.logFormat) : {};
  return { service, hostname, ...format };
}

/** What Envoy would not take is as if it were not there. */
function formatOf({ labels, text = "" }: LogFormat = {}): LogFields {
  const isJson = labels !== undefined && jsonFormatProblem(labels) === undefined;
  const isText = text !== "" && logFormatProblem(text) === undefined;
  return {
    ...(isJson ? { json: labels } : {}),
    ...(isText ? { text } : {}),
  };
}

/** In a file labels of which there are none stand for Istio's usual fields. */
function fileFormat(format: LogFormat | undefined): LogFields {
  const fields = formatOf(format);
  const isEmpty = fields.json !== undefined && Object.keys(fields.json).length === 0;
  return isEmpty ? { json: DEFAULT_JSON_FIELDS } : fields;
}

/** In a file each request has a line of its own. */
function inLines({ text, ...format }: LogFields): LogFields {
  if (text === undefined) return format;
  return { ...format, text: text.endsWith("\n") ? text : `${text}\n` };
}

function meshFormat({ accessLogFormat: format, accessLogEncoding }: MeshConfig): LogFields {
  if (accessLogEncoding === "JSON") return { json: jsonFields(format) ?? DEFAULT_JSON_FIELDS };
  return format === "" ? {} : inLines({ text: format });
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
  hosts: ProviderHosts,
  query: TelemetryQuery,
): readonly LogTarget[] {
  const said = appliedTelemetries(telemetries, query)
    .map(({ spec }) => spec.accessLogging ?? [])
    .filter((all) => all.length > 0);
  const byDefault = mesh.defaultProviders.accessLogging ?? [];
  const logs = [...providerLogs(said, byDefault, query.side)].flatMap(([name, log]) => {
    const provider = telemetryProvider(mesh.extensionProviders, name);
    const target = provider && targetOf(mesh, hosts, provider);
    return target === undefined ? [] : [{ name: provider?.name ?? name, target, log }];
  });
  if (logs.length === 0) return meshLog(mesh);
  return logs
    .filter(({ log }) => !log.disabled)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ target, log: { filter } }) => (filter === undefined ? target : { ...target, filter }));
}
