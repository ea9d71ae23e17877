/** A discovery server on loopback that serves one view to everybody. */
import { readFileSync } from "node:fs";
import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { steadyClock } from "../../../src/base/clock.js";
import { Table } from "../../../src/base/table/table.js";
import { versionOf } from "../../../src/base/version.js";
import { GrpcServer } from "../../../src/grpc/server.js";
import {
  type AdsServer,
  type AdsServerOptions,
  createAdsServer,
} from "../../../src/xds/ads-server.js";
import { addAdsService, addSdsService } from "../../../src/xds/ads-service.js";
import { SERVER_LIMITS } from "../../../src/xds/limits.js";
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

/** A resource of its type in JSON: only its name and a text that tells one edition from another. */
export function resourceJson(type: TypeName, name: string, edition = "1"): JsonObject {
  const json: Record<TypeName, JsonObject> = {
    cluster: { name, altStatName: edition },
    endpoint: { clusterName: name, policy: { overprovisioningFactor: Number(edition) } },
    secret: { name, genericSecret: { secret: { inlineString: edition } } },
    listener: { name, statPrefix: edition },
    route: { name, requestHeadersToRemove: [edition] },
    virtualHost: { name, domains: [edition] },
    extensionConfig: { name },
  };
  return json[type];
}

/** The same, encoded as a server has it. */
export function resource(type: TypeName, name: string, edition = "1"): EncodedResource {
  const schema = messageType(TYPE_URL[type].slice("type.googleapis.com/".length));
  const message = fromJson(schema, resourceJson(type, name, edition), { registry });
  const bytes = Buffer.from(toBinary(schema, message));
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
  readonly close: () => void;
}

/** Starts a server that serves one view to everybody. */
export async function serveView(
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
  const ads = createAdsServer({ sessions, registry, clock: steadyClock, ...options });
  const server = new GrpcServer(SERVER_LIMITS);
  addAdsService(server, ads);
  addSdsService(server, ads);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  return {
    ads,
    address: `127.0.0.1:${port}`,
    opened,
    closed,
    publish(next) {
      view = viewOf(next);
      ads.publish();
    },
    close() {
      void server.close();
    },
  };
}
