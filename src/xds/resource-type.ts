/** In what types of resources differ for the protocol: their order on a stream, and how their absence is said. */
import { textField } from "../base/protobuf/message-field.js";
import { TYPE_URL } from "./resource.js";

/**
 * What the protocol says of each type of resource. One table, so that no other file tells types apart by an `if`.
 * Source: xDS protocol, "How the client specifies what resources to return", "Grouping Resources into Responses" and
 * "Eventual consistency considerations".
 */
export interface TypeRules {
  /** Place in the order in which types are sent on one stream; smaller goes first. */
  readonly rank: number;
  /** A first request without names subscribes to everything. */
  readonly emptyMeansAll: boolean;
  /** In state of the world, a response lists everything: what it does not list is deleted. */
  readonly listsAll: boolean;
  /** Its resources send traffic to clusters: a cluster may go only when none of them uses it any more. */
  readonly usesClusters: boolean;
  /**
   * A client drops such a resource itself when nothing uses it any more, and needs it until then. So a removal is told only to a
   * client that asks for the name: sooner, Envoy would answer with 500 in filter chains that it drains.
   */
  readonly staysWhenGone?: true;
  /** A client remembers what it last read under a name, even if it refused that, and accepts the same bytes again unread. */
  readonly recalls?: true;
  /**
   * Its resources are sent one to a response: a client remembers what it refused, so that sending them again in groups could not
   * tell which one it was. After a refusal, the version that the client goes on with is sent again: otherwise Envoy would give the
   * refused one to whatever asks for the name later, and refuse that too.
   */
  readonly oneByOne?: true;
  /** The encoded resource that says that there is nothing under a name; absent from types that have none. See absence.ts. */
  readonly nothingOf?: (name: string) => Buffer;
}

/** A ClusterLoadAssignment without endpoints: `cluster_name` alone. Envoy takes a cluster with it that it waits to have warm. */
const noEndpoints = (name: string): Buffer => textField(1, name);

/** Make before break: what others refer to comes first. The order is that of the ranks. */
const KNOWN_TYPES: readonly (readonly [string, Omit<TypeRules, "rank">])[] = [
  [TYPE_URL.cluster, { emptyMeansAll: true, listsAll: true, usesClusters: false }],
  [
    TYPE_URL.endpoint,
    { emptyMeansAll: false, listsAll: false, usesClusters: false, nothingOf: noEndpoints },
  ],
  [TYPE_URL.secret, { emptyMeansAll: false, listsAll: false, usesClusters: false, recalls: true }],
  [TYPE_URL.listener, { emptyMeansAll: true, listsAll: true, usesClusters: true }],
  [TYPE_URL.route, { emptyMeansAll: false, listsAll: false, usesClusters: true }],
  [TYPE_URL.virtualHost, { emptyMeansAll: true, listsAll: false, usesClusters: true }],
  [
    TYPE_URL.extensionConfig,
    {
      ...{ emptyMeansAll: false, listsAll: false, usesClusters: true },
      ...{ staysWhenGone: true, oneByOne: true },
    },
  ],
];

const RULES: ReadonlyMap<string, TypeRules> = new Map(
  KNOWN_TYPES.map(([typeUrl, rules], rank) => [typeUrl, { ...rules, rank }]),
);

/** Types that are not Envoy's are asked for without names, and come last. */
const OTHER: TypeRules = {
  rank: KNOWN_TYPES.length,
  emptyMeansAll: true,
  listsAll: false,
  usesClusters: false,
};

/** The rules of a type. */
export function rulesOf(typeUrl: string): TypeRules {
  return RULES.get(typeUrl) ?? OTHER;
}
