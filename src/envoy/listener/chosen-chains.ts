/** Which entries of a listener take effect where they exclude one another. */
import { groupBy } from "../../base/group-by.js";
import type { Protocol } from "../../mesh/service/protocol.js";
import { ANY_ADDRESS, type ListenerAddress } from "./address.js";
import type { TcpChain } from "./l4-chains.js";
import type { OutboundEntry } from "./outbound-entry.js";

/**
 * The entries that take effect on a listener, the one with precedence first. Where the server speaks first, as in MySQL, no
 * other protocol can be told apart: the first entry says what the listener carries. See Istio, isConflictWithWellKnownPort.
 */
export function inOrder(entries: readonly OutboundEntry[]): readonly OutboundEntry[] {
  const own = entries.filter((entry) => entry.own === true);
  const ordered = [...(own.length > 0 ? own : entries)].sort((a, b) =>
    a.order < b.order ? -1 : 1,
  );
  const first = ordered[0]?.servicePort.protocol;
  return ordered.filter(
    ({ servicePort: { protocol } }) =>
      protocol === first || !(beginsAtServer(protocol) || beginsAtServer(first)),
  );
}

const beginsAtServer = (protocol: Protocol | undefined): boolean =>
  protocol === "MySQL" || protocol === "Mongo";

/** Whether a chain takes every connection that no other chain takes. */
const takesAnything = (chain: TcpChain): boolean =>
  chain.serverNames.length === 0 && chain.prefixes.length === 0;

/** A chain that takes effect; `mixed` says that a cluster of it is called for HTTP too. */
export interface ChosenChain {
  readonly chain: TcpChain;
  readonly mixed: boolean;
}

/** Stands for any value, in a condition that a chain does not have. */
const ANY = "";

const orAny = (values: readonly string[]): readonly string[] =>
  values.length === 0 ? [ANY] : values;

/**
 * The entry that decides where HTTP requests go. A listener on every address serves all HTTP of its port, so it is the first
 * entry; at an address of its own, a service of undeclared protocol has precedence over one of HTTP, since it can carry both.
 */
export function requestEntry(
  entries: readonly OutboundEntry[],
  { address }: ListenerAddress,
): OutboundEntry | undefined {
  const carrying = entries.filter(({ routes }) => routes !== undefined);
  const sniffed = carrying.find(({ chains }) => chains.length > 0);
  return address === ANY_ADDRESS ? carrying[0] : (sniffed ?? carrying[0]);
}

/**
 * The chains that can be in one listener: of those with the same conditions the first takes effect. Where services of undeclared
 * protocol share an address, bytes that are not HTTP belong to the one that also says what becomes of requests. See Istio,
 * ListenerBuilder.buildSidecarOutboundListener.
 */
export function chooseChains(
  entries: readonly OutboundEntry[],
  requests: OutboundEntry | undefined,
): readonly ChosenChain[] {
  const candidates = entries
    .filter((entry) => entry.routes === undefined || entry === requests)
    .flatMap(({ chains, routes }) =>
      chains.map((chain) => ({
        chain,
        mixed: routes !== undefined || chain.target.mixed === true,
      })),
    );
  const taken = new Set<string>();
  return candidates.flatMap(({ chain, mixed }) =>
    freeConditions(chain, taken).map((free) => ({ chain: { ...chain, ...free }, mixed })),
  );
}

/**
 * Those of a chain's conditions that no earlier chain has: several sets of them where not all of its names are left for the
 * same blocks, none when nothing is left.
 */
function freeConditions(
  { serverNames, prefixes }: TcpChain,
  taken: Set<string>,
): readonly Pick<TcpChain, "serverNames" | "prefixes">[] {
  const left = orAny(serverNames).flatMap((name) => {
    const blocks = orAny(prefixes).filter((block) => !taken.has(`${name}|${block}`));
    for (const block of blocks) taken.add(`${name}|${block}`);
    return blocks.length === 0 ? [] : [{ name, blocks }];
  });
  const isSaid = (condition: string): boolean => condition !== ANY;
  return [...groupBy(left, ({ blocks }) => blocks.join(" ")).values()].map((alike) => ({
    serverNames: alike.map(({ name }) => name).filter(isSaid),
    prefixes: (alike[0]?.blocks ?? []).filter(isSaid),
  }));
}

/** Whether a chain takes what no other chain takes. */
export const isOpen = ({ chain }: ChosenChain): boolean => takesAnything(chain);
