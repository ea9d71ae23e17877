/** What is served: encoded resources, and the tables of them that a client should hold. */

import { typeUrlOf } from "../base/protobuf/type-url.js";
import { Table } from "../base/table/table.js";

/** One Envoy resource, encoded once and shared by all streams that send it. */
export interface EncodedResource {
  /** The resource's name in its type. */
  readonly name: string;
  /** A hash of the bytes: equal content has the same version, also after a restart. */
  readonly version: string;
  /** The encoded message, that is the value of the Any. Never changed after creation. */
  readonly bytes: Buffer;
  /**
   * Of a listener, route configuration or virtual host: the clusters that it sends traffic to. It is held back until a
   * proxy has taken those of them that are new to it. Names that the proxy's view lacks are not waited for.
   */
  readonly clusters?: readonly string[];
  /** Of a cluster with endpoints from EDS: the name of its endpoints resource, which is sent right behind it. */
  readonly endpoints?: string;
  /** Of such a cluster: the names of which each of its endpoints has to show one. Absent when any will do. */
  readonly peers?: readonly string[];
  /**
   * Of a virtual host: keys of which each is one resource's alone, its domains. Where one is taken over by another
   * resource, both are sent together: a client that had both for a moment would refuse them, and one that had neither
   * would answer wrongly.
   */
  readonly exclusive?: readonly string[];
  /**
   * Of a cluster: a client that starts is sent it when it has taken the others. Nobody knows whether it is right in how it uses
   * secrets: see `waitingAdditions`.
   */
  readonly afterOthers?: true;
  /** A resource of the same name for a client that refuses this one and has nothing under the name. */
  readonly standIn?: EncodedResource;
  /** It is in place of a newer version that every client would refuse. */
  readonly standsFor?: { readonly reason: string };
  /** The files that it names are spelled differently than in the resource of the view. See retries.ts. */
  readonly isRespelled?: true;
  /**
   * Why every client would refuse it, where that is known. Then it is not sent, and a client goes on with what it has
   * under the name, as if it had refused it.
   */
  readonly refusal?: {
    readonly reason: string;
    /** What it will be is not known yet: who asks for it waits, and is not told that there is nothing. */
    readonly isAwaited?: true;
  };
}

/** All resources of one type that a proxy should hold now, by name. */
export type ResourceTable = Table<EncodedResource>;

/**
 * In the place of a table that could not be made, where none was made before: who asks waits for another, and is not told that
 * there is nothing.
 */
export const NOT_MADE: ResourceTable = Table.mark();

/** What one proxy should hold now. */
export interface ResourceView {
  /** The resources of a type; undefined if the type is not served. */
  get(typeUrl: string): ResourceTable | undefined;
  /** Whether there may be resources that are in the place of others, in tables that list all of a type. */
  readonly hasStandIns?: boolean;
}

/** The message types of the resources that Envoy asks for over ADS. */
export const MESSAGE_TYPE = {
  cluster: "envoy.config.cluster.v3.Cluster",
  endpoint: "envoy.config.endpoint.v3.ClusterLoadAssignment",
  secret: "envoy.extensions.transport_sockets.tls.v3.Secret",
  listener: "envoy.config.listener.v3.Listener",
  route: "envoy.config.route.v3.RouteConfiguration",
  virtualHost: "envoy.config.route.v3.VirtualHost",
  extensionConfig: "envoy.config.core.v3.TypedExtensionConfig",
} as const;

/** Their type URLs, by which Envoy asks for them. */
export const TYPE_URL = {
  cluster: typeUrlOf(MESSAGE_TYPE.cluster),
  endpoint: typeUrlOf(MESSAGE_TYPE.endpoint),
  secret: typeUrlOf(MESSAGE_TYPE.secret),
  listener: typeUrlOf(MESSAGE_TYPE.listener),
  route: typeUrlOf(MESSAGE_TYPE.route),
  virtualHost: typeUrlOf(MESSAGE_TYPE.virtualHost),
  extensionConfig: typeUrlOf(MESSAGE_TYPE.extensionConfig),
} as const;

const KNOWN_URLS: ReadonlyMap<string, string> = new Map(
  Object.values(TYPE_URL).map((url) => [url, url]),
);

/**
 * The type URL that a peer sent, as the very text that is used here, if it is known. Types are told apart again and again for each
 * message, and a text is compared with itself without being read.
 */
export function knownTypeUrl(sent: string): string {
  return KNOWN_URLS.get(sent) ?? sent;
}
