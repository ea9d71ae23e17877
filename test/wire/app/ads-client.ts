/** A discovery client as an Envoy's first messages go, over a real connection. */
import { readFileSync } from "node:fs";
import { fromBinary, type JsonObject, toJson } from "@bufbuild/protobuf";
import {
  type ChannelCredentials,
  type ClientDuplexStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import type { IssuedCertificate } from "../../../src/ca/authority/authority.js";
import { createEncoder } from "../../../src/envoy/resource/encoder.js";
import { CHANNEL_OPTIONS } from "./channel-options.js";

const encoder = createEncoder(readFileSync(new URL("../../../gen/envoy.binpb", import.meta.url)));
const DISCOVERY = "envoy.service.discovery.v3";
const pass = (bytes: Buffer): Buffer => bytes;

const SERVICE = {
  Delta: {
    path: `/${DISCOVERY}.AggregatedDiscoveryService/DeltaAggregatedResources`,
    requestStream: true,
    responseStream: true,
    ...{ requestSerialize: pass, requestDeserialize: pass },
    ...{ responseSerialize: pass, responseDeserialize: pass },
  },
} satisfies ServiceDefinition;

/** Whom a client takes itself for, and what it shows. */
export interface AdsClientOptions {
  readonly port: number;
  /** PEM of the server's roots; plaintext without. */
  readonly roots?: string;
  readonly token?: string;
  /** Shown to the server. */
  readonly certificate?: Pick<IssuedCertificate, "chain" | "privateKey">;
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly name?: string;
  readonly type?: "sidecar" | "router";
  readonly labels?: Readonly<Record<string, string>>;
  /** More of its node's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What it says to a response: a text refuses it, false says nothing; it accepts all when absent. */
  readonly judge?: (response: AdsResponse) => string | false | undefined;
}

/** What a server sent: the names of what there is and of what there is not. */
export interface AdsResponse {
  readonly typeUrl: string;
  readonly names: readonly string[];
  readonly removed: readonly string[];
  /** The resources, encoded, in the order of their names. */
  readonly bodies: readonly Uint8Array[];
}

/** A stream that is open. */
export interface AdsClient {
  /** Subscribes to these names of a type; resolves with the first response for that type, which is accepted. */
  ask(typeUrl: string, names?: readonly string[]): Promise<AdsResponse>;
  /** Says by a type that all is well, or what is not. */
  tell(typeUrl: string, error?: string): void;
  /** Ends it, and its connection. */
  close(): void;
  /** How the server ended the stream. */
  readonly ended: Promise<ServiceError>;
}

/** What a client says that it is. */
export function nodeOf(options: Omit<AdsClientOptions, "port">): JsonObject {
  const { type = "sidecar", name = "client-0", namespace = "default" } = options;
  return {
    id: `${type}~127.0.0.1~${name}.${namespace}~${namespace}.svc.cluster.local`,
    metadata: {
      NAME: name,
      NAMESPACE: namespace,
      SERVICE_ACCOUNT: options.serviceAccount ?? "default",
      LABELS: { ...options.labels },
      INSTANCE_IPS: "127.0.0.1",
      ...options.metadata,
    },
  };
}

/** The key and certificate of a Secret. */
export function certificateOf(body: Uint8Array): { readonly chain: string; readonly key: string } {
  const schema = encoder.registry.getMessage("envoy.extensions.transport_sockets.tls.v3.Secret");
  if (schema === undefined) throw new Error("no schema");
  const { tlsCertificate } = toJson(schema, fromBinary(schema, body)) as {
    readonly tlsCertificate: Record<
      "certificateChain" | "privateKey",
      { readonly inlineString: string }
    >;
  };
  const { certificateChain, privateKey } = tlsCertificate;
  return { chain: certificateChain.inlineString, key: privateKey.inlineString };
}

function decode(bytes: Buffer): Omit<AdsResponse, "typeUrl"> & Record<"nonce" | "typeUrl", string> {
  const schema = encoder.registry.getMessage(`${DISCOVERY}.DeltaDiscoveryResponse`);
  if (schema === undefined) throw new Error("no schema");
  const message = fromBinary(schema, bytes) as unknown as {
    readonly resources: {
      readonly name: string;
      readonly resource?: { readonly value: Uint8Array };
    }[];
    readonly removedResources: string[];
    readonly nonce: string;
    readonly typeUrl: string;
  };
  return {
    names: message.resources.map(({ name }) => name),
    removed: message.removedResources,
    bodies: message.resources.map(({ resource }) => resource?.value ?? new Uint8Array()),
    nonce: message.nonce,
    typeUrl: message.typeUrl,
  };
}

/** How a client connects. */
export function channelOf({
  roots,
  certificate,
}: Pick<AdsClientOptions, "roots" | "certificate">): ChannelCredentials {
  if (roots === undefined) return credentials.createInsecure();
  if (certificate === undefined) return credentials.createSsl(Buffer.from(roots));
  const key = Buffer.from(certificate.privateKey.reveal());
  return credentials.createSsl(Buffer.from(roots), key, Buffer.from(certificate.chain));
}

/** Opens a stream; it is closed when the test is over. */
export function openAds(options: AdsClientOptions): AdsClient {
  const { port, token } = options;
  const channel = channelOf(options);
  const Client = makeGenericClientConstructor(SERVICE, "Discovery");
  const client = new Client(`127.0.0.1:${String(port)}`, channel, CHANNEL_OPTIONS);
  onTestFinished(() => {
    client.close();
  });
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  const method = client["Delta"] as unknown as (
    metadata: Metadata,
  ) => ClientDuplexStream<Buffer, Buffer>;
  const stream = method.call(client, metadata);
  const waiting = new Map<string, (response: AdsResponse) => void>();
  const send = (request: JsonObject): void => {
    stream.write(encoder.encode(`${DISCOVERY}.DeltaDiscoveryRequest`, request).bytes);
  };
  stream.on("data", (bytes: Buffer) => {
    const response = decode(bytes);
    const verdict = options.judge?.(response);
    if (verdict !== false) {
      const error = verdict === undefined ? {} : { errorDetail: { code: 13, message: verdict } };
      send({ typeUrl: response.typeUrl, responseNonce: response.nonce, ...error });
    }
    waiting.get(response.typeUrl)?.(response);
    waiting.delete(response.typeUrl);
  });
  const ended = new Promise<ServiceError>((resolve) => {
    stream.once("error", (error: ServiceError) => {
      resolve(error);
    });
  });
  let isFirst = true;
  return {
    ended,
    close: () => {
      client.close();
      stream.cancel();
    },
    tell: (typeUrl, error) => {
      send({
        typeUrl,
        ...(error === undefined ? {} : { errorDetail: { code: 13, message: error } }),
      });
    },
    ask: (typeUrl, names = []) => {
      const answered = new Promise<AdsResponse>((resolve) => waiting.set(typeUrl, resolve));
      const node = isFirst ? { node: nodeOf(options) } : {};
      isFirst = false;
      send({ ...node, typeUrl, resourceNamesSubscribe: [...names] });
      return Promise.race([
        answered,
        ended.then((error) => {
          throw error;
        }),
      ]);
    },
  };
}
