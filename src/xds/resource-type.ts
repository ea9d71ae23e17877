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
  readonly staysWhenGone: boolean;
  /** A client remembers what it last read under a name, even if it refused that, and accepts the same bytes again unread. */
  readonly recalls: boolean;
  /**
   * Its resources are sent one to a response: a client remembers what it refused, so that sending them again in groups could not
   * tell which one it was. After a refusal, the version that the client goes on with is sent again: otherwise Envoy would give the
   * refused one to whatever asks for the name later, and refuse that too.
   */
  readonly oneByOne: boolean;
  /** The encoded resource that says that there is nothing under a name; undefined for types that have none. See absence.ts. */
  readonly nothingOf: ((name: string) => Buffer) | undefined;
}

/** A ClusterLoadAssignment without endpoints: `cluster_name` alone. Envoy takes a cluster with it that it waits to have warm. */
const noEndpoints = (name: string): Buffer => textField(1, name);

/** Make before break: what others refer to comes first. The order is that of the ranks; what is not said of a type is not so. */
const KNOWN_TYPES: readonly (readonly [string, Partial<TypeRules>])[] = [
  [TYPE_URL.cluster, { emptyMeansAll: true, listsAll: true }],
  [TYPE_URL.endpoint, { nothingOf: noEndpoints }],
  [TYPE_URL.secret, { recalls: true }],
  [TYPE_URL.listener, { emptyMeansAll: true, listsAll: true, usesClusters: true }],
  [TYPE_URL.route, { usesClusters: true }],
  [TYPE_URL.virtualHost, { emptyMeansAll: true, usesClusters: true }],
  [TYPE_URL.extensionConfig, { usesClusters: true, staysWhenGone: true, oneByOne: true }],
];

/** All rules are made here, and so have one shape: they are asked for all the time. */
function rulesAt(rank: number, rules: Partial<TypeRules>): TypeRules {
  const { emptyMeansAll = false, listsAll = false, usesClusters = false } = rules;
  const { staysWhenGone = false, recalls = false, oneByOne = false, nothingOf } = rules;
  return {
    rank,
    emptyMeansAll,
    listsAll,
    usesClusters,
    staysWhenGone,
    recalls,
    oneByOne,
    nothingOf,
  };
}

const RULES: ReadonlyMap<string, TypeRules> = new Map(
  KNOWN_TYPES.map(([typeUrl, rules], rank) => [typeUrl, rulesAt(rank, rules)]),
);

/** Types that are not Envoy's are asked for without names, and come last. */
const OTHER = rulesAt(KNOWN_TYPES.length, { emptyMeansAll: true });

/** The rules of a type. */
export function rulesOf(typeUrl: string): TypeRules {
  return RULES.get(typeUrl) ?? OTHER;
}
