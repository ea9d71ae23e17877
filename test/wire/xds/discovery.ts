import { readFileSync } from "node:fs";
import * as http2 from "node:http2";
import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { afterEach } from "vitest";
import type {
  DeltaDiscoveryRequestJson,
  DeltaDiscoveryResponseJson,
  DiscoveryRequestJson,
  DiscoveryResponseJson,
} from "../../../gen/types/envoy/service/discovery/v3/discovery_pb.js";
import { Table } from "../../../src/base/table.js";
import { versionOf } from "../../../src/base/version.js";
import {
  type AdsServer,
  type AdsServerOptions,
  createAdsServer,
} from "../../../src/xds/ads-server.js";
import { addAdsService, addSdsService } from "../../../src/xds/ads-service.js";
import { systemClock } from "../../../src/xds/clock.js";
import { SERVER_OPTIONS } from "../../../src/xds/limits.js";
import { type EncodedResource, type ResourceView, TYPE_URL } from "../../../src/xds/resource.js";
import type { OpenRequest, Session } from "../../../src/xds/session.js";

/** Envoy's API, out of which the tests read and write messages without the help of src/xds. */
export const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync("gen/envoy.binpb")),
);

export function messageType(name: string): DescMessage {
  const schema = registry.getMessage(name);
  if (schema === undefined) throw new Error(`no message ${name}`);
  return schema;
}

/** The types by the words that the tests use for them. */
export type TypeName = keyof typeof TYPE_URL;

/** A real resource of its type: only its name and a text that tells one edition from another. */
export function resource(type: TypeName, name: string, edition = "1"): EncodedResource {
  const schema = messageType(TYPE_URL[type].slice("type.googleapis.com/".length));
  const json: Record<TypeName, JsonValue> = {
    cluster: { name, altStatName: edition },
    endpoint: { clusterName: name, policy: { overprovisioningFactor: Number(edition) } },
    secret: { name, genericSecret: { secret: { inlineString: edition } } },
    listener: { name, statPrefix: edition },
    route: { name, requestHeadersToRemove: [edition] },
    virtualHost: { name, domains: [edition] },
    extensionConfig: { name },
  };
  const bytes = Buffer.from(toBinary(schema, fromJson(schema, json[type], { registry })));
  return { name, version: versionOf(bytes), bytes };
}

/** Names with their editions, by type. */
export type ViewSketch = Partial<Record<TypeName, Readonly<Record<string, string>>>>;

/** A view with exactly the types that the sketch has. */
function viewOf(sketch: ViewSketch): ResourceView {
  return new Map(
    Object.entries(sketch).map(([word, names]) => {
      const type = word as TypeName;
      const entries = Object.entries(names).map(
        ([name, edition]) => [name, resource(type, name, edition)] as const,
      );
      return [TYPE_URL[type], Table.from(entries)];
    }),
  );
}

/** A server on loopback, and what its sessions did. */
export interface TestServer {
  readonly ads: AdsServer;
  readonly address: string;
  readonly opened: OpenRequest[];
  readonly closed: string[];
  /** What all clients should hold from now on. */
  readonly publish: (sketch: ViewSketch) => void;
}

const stops: (() => void | Promise<void>)[] = [];

/** Calls this when the test is over, also if it failed. */
function atEnd(stop: () => void | Promise<void>): void {
  stops.push(stop);
}

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Starts a server that serves one view to everybody. */
export async function startServer(
  sketch: ViewSketch,
  options: Partial<AdsServerOptions> = {},
): Promise<TestServer> {
  let view = viewOf(sketch);
  const opened: OpenRequest[] = [];
  const closed: string[] = [];
  const sessions = {
    open(request: OpenRequest): Session {
      opened.push(request);
      const { id } = request.node;
      return { id, view: () => view, closed: () => closed.push(id) };
    },
  };
  const ads = createAdsServer({ sessions, registry, clock: systemClock(), ...options });
  const server = new grpc.Server(SERVER_OPTIONS);
  addAdsService(server, ads, { plaintext: true });
  addSdsService(server, ads, { plaintext: true });
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  atEnd(() => {
    server.forceShutdown();
  });
  return {
    ads,
    address: `127.0.0.1:${port}`,
    opened,
    closed,
    publish(next) {
      view = viewOf(next);
      ads.publish();
    },
  };
}

/** How a stream ended. */
export interface Ending {
  readonly code: grpc.status;
  readonly details: string;
}

const ADS = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
const SDS = "/envoy.service.secret.v3.SecretDiscoveryService";

/** The methods by which a client can ask. */
export const METHODS = {
  delta: `${ADS}/DeltaAggregatedResources`,
  sotw: `${ADS}/StreamAggregatedResources`,
  deltaSecrets: `${SDS}/DeltaSecrets`,
  sotwSecrets: `${SDS}/StreamSecrets`,
} as const;

/** One stream as a client has it. */
export class TestStream<Request, Response> {
  readonly #call: grpc.ClientDuplexStream<Buffer, Response>;
  readonly #encode: (request: Request) => Buffer;
  readonly #responses: Response[] = [];
  readonly #waiting: ((response: Response) => void)[] = [];
  readonly ended: Promise<Ending>;

  constructor(
    call: grpc.ClientDuplexStream<Buffer, Response>,
    encode: (request: Request) => Buffer,
  ) {
    this.#call = call;
    this.#encode = encode;
    call.on("data", (response: Response) => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#responses.push(response);
      else next(response);
    });
    call.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      call.on("status", ({ code, details }) => {
        resolve({ code, details });
      });
    });
  }

  send(request: Request): void {
    this.#call.write(this.#encode(request));
  }

  sendBytes(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  /** The next response, in the order in which they come. */
  async next(): Promise<Response> {
    const known = this.#responses.shift();
    if (known !== undefined) return known;
    return await new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  cancel(): void {
    this.#call.cancel();
  }

  /** The client has nothing more to say. */
  end(): void {
    this.#call.end();
  }
}

function open<Request, Response>(
  address: string,
  path: string,
  [requestType, responseType]: readonly [string, string],
): TestStream<Request, Response> {
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
  });
  const [asked, answered] = [requestType, responseType].map((name) =>
    messageType(`envoy.service.discovery.v3.${name}`),
  ) as [DescMessage, DescMessage];
  const call = client.makeBidiStreamRequest<Buffer, Response>(
    path,
    (bytes) => bytes,
    (bytes) => toJson(answered, fromBinary(answered, bytes), { registry }) as Response,
  );
  atEnd(() => {
    call.cancel();
    client.close();
  });
  return new TestStream(call, (request) =>
    Buffer.from(toBinary(asked, fromJson(asked, request as JsonValue, { registry }))),
  );
}

/** Opens a stream of differences. */
export function openDelta(
  address: string,
  method: "delta" | "deltaSecrets" = "delta",
): TestStream<DeltaDiscoveryRequestJson, DeltaDiscoveryResponseJson> {
  return open(address, METHODS[method], ["DeltaDiscoveryRequest", "DeltaDiscoveryResponse"]);
}

/** Opens a state-of-the-world stream. */
export function openSotw(
  address: string,
  method: "sotw" | "sotwSecrets" = "sotw",
): TestStream<DiscoveryRequestJson, DiscoveryResponseJson> {
  return open(address, METHODS[method], ["DiscoveryRequest", "DiscoveryResponse"]);
}

/** Opens a stream of differences, sends one request, and never reads what comes. */
export function openDeaf(address: string, request: DeltaDiscoveryRequestJson): void {
  const connection = http2.connect(`http://${address}`);
  connection.on("error", () => undefined);
  atEnd(() => {
    connection.destroy();
  });
  const stream = connection.request({
    ":method": "POST",
    ":path": METHODS.delta,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => undefined);
  const schema = messageType("envoy.service.discovery.v3.DeltaDiscoveryRequest");
  const message = toBinary(schema, fromJson(schema, request as JsonValue, { registry }));
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  stream.write(Buffer.concat([frame, message]));
}

/** The names in a response of differences, and what it removes: `A B -C`, sorted. */
export function said({
  resources = [],
  removedResources = [],
}: DeltaDiscoveryResponseJson): string {
  const names = resources.map(({ name = "" }) => name).sort();
  return [...names, ...removedResources.map((name) => `-${name}`).sort()].join(" ");
}

/** The resources of a state-of-the-world response: `name` or `clusterName` of each, sorted. */
export function listed({ resources = [] }: DiscoveryResponseJson): string {
  const nameOf = (any: object): string =>
    String("clusterName" in any ? any.clusterName : "name" in any ? any.name : "?");
  return resources.map(nameOf).sort().join(" ");
}
