import type { ResourceRef } from "../../config/resource.js";
import type { MadeListener } from "../listener/made-chain.js";
import { clusterNames } from "./cluster-names.js";
import { encodeResource, madeOrWithheld } from "./encode-resource.js";
import type { Encoder } from "./encoder.js";
import { MESSAGE } from "./message-types.js";
import type { EnvoyResource } from "./resource-set.js";

/** Encodes a listener, which also knows what made its filter chains, and where they lead. */
function encodeListener(
  encoder: Encoder,
  { json, chains }: MadeListener,
  sources: readonly ResourceRef[],
): EnvoyResource {
  return {
    ...encodeResource(encoder, MESSAGE.listener, { name: json.name ?? "", json, sources }),
    clusters: clusterNames(json),
    chains,
  };
}

/** A listener that every proxy of a kind has. It is withheld where making it ends in an exception, a fault of ours. */
export const fixedListener = (
  encoder: Encoder,
  name: string,
  make: () => MadeListener,
): EnvoyResource =>
  madeOrWithheld(encoder, MESSAGE.listener, { name, sources: [] }, () =>
    encodeListener(encoder, make(), []),
  );

/** A listener to be made, and what says which connections it takes. */
export interface PlannedListener {
  readonly name: string;
  readonly sources: readonly ResourceRef[];
  /** undefined when there is nothing to listen for. */
  readonly make: () => MadeListener | undefined;
}

/**
 * A listener for what is called at a workload, which waits for no clusters. Where making it ends in an exception, a fault of ours, it is
 * withheld whole: without the chains of one port, those for any other would take its connections.
 */
export const encodePlanned = (
  encoder: Encoder,
  { name, sources, make }: PlannedListener,
): EnvoyResource | undefined =>
  madeOrWithheld(encoder, MESSAGE.listener, { name, sources }, () => {
    const made = make();
    if (made === undefined) return undefined;
    const { json, chains } = made;
    return { ...encodeResource(encoder, MESSAGE.listener, { name, json, sources }), chains };
  });

/** A listener that several share, such as the services of a port. */
export interface SharedListener<Member> {
  readonly name: string;
  readonly members: readonly Member[];
  /** undefined when none of these has anything to say. */
  readonly make: (members: readonly Member[]) => MadeListener | undefined;
  readonly sourcesOf: (members: readonly Member[]) => readonly ResourceRef[];
}

/**
 * The listener of its members. Where making it ends in an exception, a fault of ours, that of the members stands for it of which it
 * can be made; it is withheld where there is none.
 */
export function sharedListener<Member>(
  encoder: Encoder,
  { name, members, make, sourcesOf }: SharedListener<Member>,
): EnvoyResource | undefined {
  const listenerOf = (some: readonly Member[]): EnvoyResource | undefined => {
    const sources = sourcesOf(some);
    return madeOrWithheld(encoder, MESSAGE.listener, { name, sources }, () => {
      const made = make(some);
      return made && encodeListener(encoder, made, sources);
    });
  };
  const all = listenerOf(members);
  if (all?.refusal?.isFault !== true || members.length < 2) return all;
  const refusals = members.map((one) => listenerOf([one])?.refusal);
  const [first, ...leftOut] = refusals.filter((one) => one?.isFault === true);
  const rest = first && listenerOf(members.filter((_, i) => refusals[i]?.isFault !== true));
  if (first === undefined || rest === undefined || rest.refusal !== undefined) return all;
  return { ...rest, standsFor: first, leftOut: leftOut.filter((one) => one !== undefined) };
}
