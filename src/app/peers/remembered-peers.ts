/** What other control planes told, kept over a restart of this one: they may not be there when it is back. */
import Type from "typebox";
import Value from "typebox/value";
import type { Clock } from "../../base/clock.js";
import { parseJson } from "../../base/parse-json.js";
import { Table } from "../../base/table/table.js";
import { createSaver, type RegistryStorage } from "../registry/own-registrations.js";
import {
  type Registration,
  registrationKey,
  STORED_HEALTH,
  STORED_PROXY,
  shownHealth,
} from "../registry/registration.js";
import type { RememberedPeer } from "./peer-registrations.js";

const STORED = Type.Record(
  Type.String(),
  Type.Object({
    start: Type.String(),
    registrations: Type.Array(
      Type.Object({
        proxy: STORED_PROXY,
        isReported: Type.Boolean(),
        health: Type.Optional(STORED_HEALTH),
      }),
    ),
  }),
);

/** See the top of this file. */
export interface RememberedPeers {
  /** What the one at an address told before the start. */
  readonly of: (address: string) => RememberedPeer | undefined;
  readonly saveSoon: () => void;
  /** Resolves when nothing is being written any more. */
  readonly close: () => Promise<void>;
}

/** Options of these. */
export interface RememberedPeersOptions {
  readonly storage: RegistryStorage;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** What there is to be kept now, by address. */
  readonly now: () => ReadonlyMap<string, RememberedPeer>;
}

/** Opens what was kept; nothing of it when it cannot be read, since all of it can be asked again. */
export async function openRememberedPeers(
  options: RememberedPeersOptions,
): Promise<RememberedPeers> {
  const { storage, onError } = options;
  const text = await storage.load().catch((error: unknown) => {
    onError(error);
    return undefined;
  });
  const before = parse(text);
  const saver = createSaver(options, () => format(options.now()));
  return { of: (address) => before.get(address), ...saver };
}

function parse(text: string | undefined): ReadonlyMap<string, RememberedPeer> {
  const stored = parseJson(text ?? "{}");
  if (!Value.Check(STORED, stored)) return new Map();
  return new Map(
    Object.entries(stored).map(([address, { start, registrations }]) => {
      const entries = registrations.map(({ proxy, isReported, health }) => {
        const presence = isReported ? "reported" : "left";
        const told = health === undefined ? {} : { health: { ...health, at: 0 } };
        const one: Registration = { proxy, presence, since: 0, ...told };
        return [registrationKey(proxy), one] as const;
      });
      return [address, { start, registrations: Table.from(entries) }];
    }),
  );
}

function format(peers: ReadonlyMap<string, RememberedPeer>): string {
  const entries = [...peers].map(([address, { start, registrations }]) => {
    const stored = [...registrations.values()].map(({ proxy, presence, health }) => ({
      proxy,
      isReported: presence === "reported",
      health: health && shownHealth(health),
    }));
    return [address, { start, registrations: stored }];
  });
  return JSON.stringify(Object.fromEntries(entries));
}
