/** Discovery streams as a client has them. */
import * as http2 from "node:http2";
import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import type {
  DeltaDiscoveryRequestJson,
  DeltaDiscoveryResponseJson,
  DiscoveryRequestJson,
  DiscoveryResponseJson,
} from "../../../gen/types/envoy/service/discovery/v3/discovery_pb.js";
import { messageType, registry } from "./view-server.js";

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
  readonly #closeConnection: () => void;
  readonly #responses: Response[] = [];
  readonly #waiting: ((response: Response) => void)[] = [];
  readonly ended: Promise<Ending>;

  constructor(
    call: grpc.ClientDuplexStream<Buffer, Response>,
    encode: (request: Request) => Buffer,
    closeConnection: () => void,
  ) {
    this.#call = call;
    this.#encode = encode;
    this.#closeConnection = closeConnection;
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

  /** Ends the stream and its connection. */
  close(): void {
    this.#call.cancel();
    this.#closeConnection();
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
  const encode = (request: Request): Buffer =>
    Buffer.from(toBinary(asked, fromJson(asked, request as JsonValue, { registry })));
  return new TestStream(call, encode, () => {
    client.close();
  });
}

/** A stream of differences. */
export type DeltaStream = TestStream<DeltaDiscoveryRequestJson, DeltaDiscoveryResponseJson>;

/** Opens a stream of differences. */
export function openDelta(
  address: string,
  method: "delta" | "deltaSecrets" = "delta",
): DeltaStream {
  return open(address, METHODS[method], ["DeltaDiscoveryRequest", "DeltaDiscoveryResponse"]);
}

/** A state-of-the-world stream. */
export type SotwStream = TestStream<DiscoveryRequestJson, DiscoveryResponseJson>;

/** Opens a state-of-the-world stream. */
export function openSotw(address: string, method: "sotw" | "sotwSecrets" = "sotw"): SotwStream {
  return open(address, METHODS[method], ["DiscoveryRequest", "DiscoveryResponse"]);
}

/** Opens a stream of differences, sends one request, and never reads what comes; the result ends its connection. */
export function openDeaf(address: string, request: DeltaDiscoveryRequestJson): () => void {
  const connection = http2.connect(`http://${address}`);
  connection.on("error", () => undefined);
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
  return () => {
    connection.destroy();
  };
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
