/** Asks the issuers that policies name where their keys are, and tells of those of whom that is not known. */

import type { Clock } from "../../base/clock.js";
import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import { Table } from "../../base/table/table.js";
import { formatRef, refOf } from "../../config/resource.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { type IssuerKeys, rulesWithoutKeys } from "../../mesh/security/issuer-keys.js";
import type { AllowedHost } from "../../net/allowed-host.js";
import { createKeyDiscovery, type FetchText } from "../../oidc/key-discovery.js";
import { createListeners } from "../listeners.js";
import { missingIn, type Update } from "../update/update.js";

/** What is needed to follow them. */
export interface IssuerKeysOptions {
  /** Those whose issuers may be asked. */
  readonly hosts: readonly AllowedHost[];
  readonly fetch: FetchText;
  /** Where what was found is kept, so that a restart does not depend on the issuers. */
  readonly storage: {
    readonly load: () => Promise<string | undefined>;
    readonly save: (text: string) => Promise<void>;
  };
  readonly clock: Clock;
  /** Told of what cannot be kept. */
  readonly onError: (error: unknown) => void;
}

/** See the top of this file. */
export interface FollowedIssuers {
  /** Looks at the policies of another snapshot. */
  readonly follow: (snapshot: ConfigSnapshot) => void;
  /** Where the keys are, as far as issuers said; the same table for as long as that is the same. */
  readonly addresses: () => IssuerKeys;
  /** The rules of the snapshot whose tokens are all refused. */
  readonly diagnostics: () => readonly Diagnostic[];
  /** Calls back with what has become of the diagnostics when something else is known. */
  readonly onChange: (listener: (change: Update) => void) => void;
  /** Resolves when all that was found is kept. */
  readonly close: () => Promise<void>;
}

type Tables = ConfigSnapshot["tables"];

/**
 * Issuers that are followed, of no snapshot yet.
 * @throws StateFileError
 */
export async function followIssuers(options: IssuerKeysOptions): Promise<FollowedIssuers> {
  const { storage, onError } = options;
  const listeners = createListeners<Update>();
  let snapshot: ConfigSnapshot | undefined;
  let policies: Tables["RequestAuthentication"] | undefined;
  let addresses: IssuerKeys = Table.empty();
  let last: readonly Diagnostic[] = [];
  let saved = Promise.resolve();

  const diagnostics = (): readonly Diagnostic[] =>
    snapshot === undefined ? [] : diagnosticsOf(snapshot, discovery.problem);
  const look = (): void => {
    const found = Table.from(discovery.found());
    if (found.changesFrom(addresses).length > 0) addresses = found;
    const now = diagnostics();
    const newDiagnostics = missingIn(now, last);
    const clearedDiagnostics = missingIn(last, now);
    last = now;
    listeners.tell({ changed: [], newDiagnostics, clearedDiagnostics });
  };
  const discovery = createKeyDiscovery({
    ...options,
    known: addressesIn(await storage.load()),
    onChange: () => {
      look();
      const text = JSON.stringify(Object.fromEntries(discovery.found()));
      saved = saved.then(() => storage.save(text)).catch(onError);
    },
  });
  return {
    follow: (next) => {
      snapshot = next;
      if (policies === next.tables.RequestAuthentication) return;
      policies = next.tables.RequestAuthentication;
      discovery.want(
        new Set([...policies.values()].flatMap(rulesWithoutKeys).map((one) => one.issuer)),
      );
      look();
    },
    addresses: () => addresses,
    diagnostics,
    onChange: listeners.add,
    close: async () => {
      discovery.close();
      await saved;
    },
  };
}

function diagnosticsOf(
  { tables, locate }: ConfigSnapshot,
  problemOf: (issuer: string) => string | undefined,
): readonly Diagnostic[] {
  return [...tables.RequestAuthentication.values()]
    .flatMap((policy) =>
      rulesWithoutKeys(policy).flatMap(({ issuer, path }): Diagnostic[] => {
        const problem = problemOf(issuer);
        if (problem === undefined) return [];
        const ref = refOf(policy);
        const position = locate(ref, path);
        const message = `the keys of ${JSON.stringify(issuer)} are not known, so that its tokens are refused: ${problem}`;
        const place = position === undefined ? {} : { position };
        return [
          { severity: "warning", code: "issuer-keys", message, ...place, resource: formatRef(ref) },
        ];
      }),
    )
    .sort(compareDiagnostics);
}

/** What was kept; nothing of it when it is not in order, since all of it can be asked again. */
function addressesIn(text: string | undefined): ReadonlyMap<string, string> {
  try {
    const entries = Object.entries(JSON.parse(text ?? "{}") as Readonly<Record<string, unknown>>);
    return new Map(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return new Map();
  }
}
