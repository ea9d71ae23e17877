/** A discovery client that accepts all that it is sent, in either protocol, for suites of the protocol. */
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "@bufbuild/protobuf";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { openDelta, openSotw } from "../../../test/wire/xds/discovery-client.js";
import { resourceJson, type TypeName } from "../../../test/wire/xds/view-server.js";

/** A resource as it came. */
export interface Received {
  readonly name: string;
  /** Its own version; of state of the world, that of its response. */
  readonly version: string;
  readonly content: JsonObject;
}

/** A response. */
export interface Response {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Of the whole response. */
  readonly version: string;
  readonly resources: readonly Received[];
  readonly removed: readonly string[];
}

/** See the top of this file. What is not said of names leaves them as they are. */
export interface Client {
  readonly protocol: "sotw" | "delta";
  readonly subscribeToAll: (type: TypeName) => void;
  readonly subscribe: (type: TypeName, names: readonly string[]) => void;
  readonly unsubscribe: (type: TypeName, names: readonly string[]) => void;
  /** The next response, which is accepted. */
  readonly next: () => Promise<Response>;
  readonly close: () => void;
}

const node = { id: "conformance" };

const nameOf = (resource: JsonObject): string => {
  const name = resource["clusterName"] ?? resource["name"];
  return typeof name === "string" ? name : "?";
};

/** A client of differences. */
export function deltaClient(address: string): Client {
  const stream = openDelta(address);
  const ask = (type: TypeName, subscribe: readonly string[], unsubscribe: readonly string[]) => {
    stream.send({
      node,
      typeUrl: TYPE_URL[type],
      resourceNamesSubscribe: [...subscribe],
      resourceNamesUnsubscribe: [...unsubscribe],
    });
  };
  return {
    protocol: "delta",
    subscribeToAll: (type) => {
      ask(type, [], []);
    },
    subscribe: (type, names) => {
      ask(type, names, []);
    },
    unsubscribe: (type, names) => {
      ask(type, [], names);
    },
    async next() {
      const { typeUrl = "", nonce = "", systemVersionInfo = "", ...rest } = await stream.next();
      stream.send({ typeUrl, responseNonce: nonce });
      const resources = (rest.resources ?? []).map((one) => ({
        name: one.name ?? "",
        version: one.version ?? "",
        content: { ...(one.resource as JsonObject | undefined) },
      }));
      const removed = rest.removedResources ?? [];
      return { typeUrl, nonce, version: systemVersionInfo, resources, removed };
    },
    close: () => {
      stream.close();
    },
  };
}

/** A client of state of the world: each request has all names, the last version and nonce. */
export function sotwClient(address: string): Client {
  const stream = openSotw(address);
  const names = new Map<string, readonly string[]>();
  const last = new Map<string, { readonly responseNonce: string; readonly versionInfo: string }>();
  const ask = (typeUrl: string, wanted: readonly string[]): void => {
    names.set(typeUrl, wanted);
    stream.send({ node, typeUrl, resourceNames: [...wanted], ...last.get(typeUrl) });
  };
  const asked = (type: TypeName): readonly string[] => names.get(TYPE_URL[type]) ?? [];
  return {
    protocol: "sotw",
    subscribeToAll: (type) => {
      ask(TYPE_URL[type], []);
    },
    subscribe: (type, added) => {
      ask(TYPE_URL[type], [...new Set([...asked(type), ...added])]);
    },
    unsubscribe: (type, taken) => {
      ask(
        TYPE_URL[type],
        asked(type).filter((name) => !taken.includes(name)),
      );
    },
    async next() {
      const { typeUrl = "", nonce = "", versionInfo = "", resources = [] } = await stream.next();
      last.set(typeUrl, { responseNonce: nonce, versionInfo });
      ask(typeUrl, names.get(typeUrl) ?? []);
      const received = (resources as JsonObject[]).map((content) => ({
        name: nameOf(content),
        version: versionInfo,
        content,
      }));
      return { typeUrl, nonce, version: versionInfo, resources: received, removed: [] };
    },
    close: () => {
      stream.close();
    },
  };
}

/** Whether a resource came in this edition (see resourceJson). */
export function isEdition(type: TypeName, { name, content }: Received, edition: string): boolean {
  const expected = { "@type": TYPE_URL[type], ...resourceJson(type, name, edition) };
  return isDeepStrictEqual(content, expected);
}
