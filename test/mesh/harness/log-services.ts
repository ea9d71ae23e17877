/** Services that Envoys tell of requests: OpenTelemetry's for logs, and Envoy's own. */
import { readFileSync } from "node:fs";
import { fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import {
  type handleClientStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import { createEncoder } from "../../../src/envoy/resource/encoder.js";

/** Both services at one port. */
export interface LogServices {
  /** What OpenTelemetry's was told: for each request the body, and the attributes of the record and of its resource. */
  readonly records: readonly OtelRecord[];
  /** What Envoy's own was told, by the names of the logs. */
  readonly entries: readonly Entry[];
  close(): void;
}

/** A record of OpenTelemetry. */
export interface OtelRecord {
  readonly body: string;
  readonly attributes: Readonly<Record<string, JsonValue>>;
  /** Whom the caller asked for. */
  readonly authority: string;
}

/** An entry of Envoy's own protocol. */
export interface Entry {
  readonly log: string;
  readonly kind: "http" | "tcp";
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cluster?: string;
}

const encoder = createEncoder(readFileSync(new URL("../../../gen/envoy.binpb", import.meta.url)));

function decode(type: string, bytes: Buffer): unknown {
  const schema = encoder.registry.getMessage(type);
  if (schema === undefined) throw new Error(`no type ${type}`);
  return toJson(schema, fromBinary(schema, bytes), { registry: encoder.registry });
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly kvlistValue?: { values: KeyValue[] } };
}

const valueOf = ({ stringValue, kvlistValue }: KeyValue["value"]): JsonValue =>
  kvlistValue === undefined ? (stringValue ?? null) : valuesOf(kvlistValue.values);

const valuesOf = (values: readonly KeyValue[] = []): Record<string, JsonValue> =>
  Object.fromEntries(values.map(({ key, value }) => [key, valueOf(value)]));

interface OtlpLogs {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly body?: { readonly stringValue: string };
        readonly attributes?: readonly KeyValue[];
      }[];
    }[];
  }[];
}

function otelRecords(bytes: Buffer, authority: string): readonly OtelRecord[] {
  const type = "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest";
  const { resourceLogs } = decode(type, bytes) as OtlpLogs;
  return resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map(({ body, attributes }) => ({
        body: body?.stringValue ?? "",
        attributes: valuesOf(attributes),
        authority,
      })),
    ),
  );
}

interface AccessLogs {
  readonly identifier?: { readonly logName: string };
  readonly httpLogs?: {
    readonly logEntry: readonly {
      readonly request?: {
        readonly path?: string;
        readonly requestHeaders?: Readonly<Record<string, string>>;
      };
      readonly commonProperties: { readonly upstreamCluster?: string };
    }[];
  };
  readonly tcpLogs?: {
    readonly logEntry: readonly {
      readonly commonProperties: { readonly upstreamCluster?: string };
    }[];
  };
}

function entriesOf({ httpLogs, tcpLogs }: AccessLogs, log: string): readonly Entry[] {
  const http = (httpLogs?.logEntry ?? []).map(
    ({ request = {}, commonProperties: { upstreamCluster: cluster } }): Entry => ({
      log,
      kind: "http",
      ...(request.path === undefined ? {} : { path: request.path }),
      ...(request.requestHeaders === undefined ? {} : { headers: request.requestHeaders }),
      ...(cluster === undefined ? {} : { cluster }),
    }),
  );
  const tcp = (tcpLogs?.logEntry ?? []).map(
    ({ commonProperties: { upstreamCluster: cluster } }): Entry => ({
      log,
      kind: "tcp",
      ...(cluster === undefined ? {} : { cluster }),
    }),
  );
  return [...http, ...tcp];
}

const bytes = (value: Buffer): Buffer => value;
const PLAIN = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};

/** Starts them. */
export async function startLogServices(address: string, port: number): Promise<LogServices> {
  const records: OtelRecord[] = [];
  const entries: Entry[] = [];
  const server = new Server();
  const take: handleUnaryCall<Buffer, Buffer> = (call, respond) => {
    records.push(...otelRecords(call.request, call.getHost()));
    respond(null, Buffer.alloc(0));
  };
  const stream: handleClientStreamingCall<Buffer, Buffer> = (call) => {
    // Only the first message of a stream says whose log it is.
    let log = "";
    call.on("data", (message: Buffer) => {
      const type = "envoy.service.accesslog.v3.StreamAccessLogsMessage";
      const logs = decode(type, message) as AccessLogs;
      log = logs.identifier?.logName ?? log;
      entries.push(...entriesOf(logs, log));
    });
    call.on("error", () => undefined);
  };
  server.addService(
    {
      take: {
        path: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        requestStream: false,
        responseStream: false,
        ...PLAIN,
      },
      stream: {
        path: "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs",
        requestStream: true,
        responseStream: false,
        ...PLAIN,
      },
    },
    { take, stream },
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${address}:${String(port)}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return {
    records,
    entries,
    close: () => {
      server.forceShutdown();
    },
  };
}
