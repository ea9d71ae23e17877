import type { Table } from "../base/table.js";
import { telemetryProvider } from "../config/extension-provider.js";
import { jsonFields, jsonFormatProblem, logFormatProblem } from "../config/kinds/log-format.js";
import type { AccessLogging } from "../config/kinds/telemetry.js";
import type { MeshConfig } from "../config/mesh-config.js";
import {
  appliedTelemetries,
  covers,
  type Telemetry,
  type TelemetryQuery,
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

const FILE_LOG = "mesh access log file";

/** The log that a provider name stands for; undefined for providers that write no file. */
function targetOf(
  mesh: MeshConfig,
  name: string,
  filter: string | undefined,
): LogTarget | undefined {
  const rest = filter === undefined ? {} : { filter };
  if (name === FILE_LOG) return { ...meshLog(mesh), ...rest };
  const log = telemetryProvider(mesh.extensionProviders, name)?.envoyFileAccessLog;
  if (log === undefined) return undefined;
  const { labels, text = "" } = log.logFormat ?? {};
  const isJson = labels !== undefined && jsonFormatProblem(labels) === undefined;
  const isText = text !== "" && logFormatProblem(text) === undefined;
  return {
    path: log.path ?? "/dev/stdout",
    ...(isJson ? { json: labels } : {}),
    ...(isText ? { text: text.endsWith("\n") ? text : `${text}\n` } : {}),
    ...(log.omitEmptyValues === true ? { omitsEmpty: true } : {}),
    ...rest,
  };
}

function meshLog(mesh: MeshConfig): LogTarget {
  const format = mesh.accessLogFormat;
  if (mesh.accessLogEncoding === "JSON") {
    return { path: mesh.accessLogFile, json: jsonFields(format) ?? DEFAULT_JSON_FIELDS };
  }
  return { path: mesh.accessLogFile, ...(format === "" ? {} : { text: format }) };
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

/** By the name of the provider. */
type ProviderLogs = ReadonlyMap<string, ProviderLog>;

const EVERYTHING: ProviderLog = { disabled: false, filter: undefined };

const namesOf = ({ providers = [] }: AccessLogging): readonly string[] =>
  providers.map(({ name }) => name);

/** Whoever names a provider says anew which requests are logged to it; who names none speaks of all that are there. */
function applyOne(before: ProviderLogs, logging: AccessLogging): ProviderLogs {
  const named = namesOf(logging);
  const filter = logging.filter?.expression;
  const disabled = logging.disabled === true;
  const said: readonly (readonly [string, ProviderLog])[] =
    named.length > 0
      ? named.map((name) => [name, { disabled, filter }])
      : [...before].map(([name, log]) => [name, { disabled, filter: filter ?? log.filter }]);
  return new Map([...before, ...said]);
}

/** What a Telemetry says together: the providers that it names are all to which is logged. See Istio, mergeLogs. */
function apply(before: ProviderLogs, said: readonly AccessLogging[]): ProviderLogs {
  const after = said.reduce(applyOne, before);
  const named = new Set(said.flatMap(namesOf));
  return named.size === 0 ? after : new Map([...after].filter(([name]) => named.has(name)));
}

/**
 * The logs that a workload's proxy writes on one side of a request: those of the mesh configuration, unless Telemetry
 * resources say otherwise, each more specific one over the less specific. See Istio, Telemetry.accessLogging.
 */
export function accessLogs(
  telemetries: Table<Telemetry>,
  mesh: MeshConfig,
  query: TelemetryQuery,
): readonly LogTarget[] {
  const providers = [
    ...(mesh.accessLogFile === "" ? [] : [FILE_LOG]),
    ...(mesh.defaultProviders.accessLogging ?? []),
  ];
  const byDefault: ProviderLogs = new Map(providers.map((name) => [name, EVERYTHING]));
  const logs = appliedTelemetries(telemetries, query)
    .map(({ spec }) =>
      (spec.accessLogging ?? []).filter((one) => covers(one.match?.mode, query.side)),
    )
    .reduce(apply, byDefault);
  return [...logs]
    .filter(([, { disabled }]) => !disabled)
    .map(([name, { filter }]) => targetOf(mesh, name, filter))
    .filter((target) => target !== undefined);
}
