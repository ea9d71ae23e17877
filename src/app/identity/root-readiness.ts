/** Which proxies trust the roots that they have to trust: those that have accepted the secret which has all of them. */
import type { Readiness } from "../../ca/authority/rotation.js";
import { type EncodedResource, TYPE_URL } from "../../xds/resource.js";
import type { StreamStatus } from "../../xds/state/status/stream-status.js";

/** What is looked at. */
export interface ReadinessFacts {
  readonly streams: readonly Pick<StreamStatus, "stream" | "session">[];
  /** What the client of a stream has accepted of a type. */
  readonly accepted: (stream: string, typeUrl: string) => readonly EncodedResource[];
  /** The proxies that proved who they are: those of the streams, and those that left a moment ago. */
  readonly members: Iterable<string>;
  /** The secret that everyone has to hold. */
  readonly roots: Pick<EncodedResource, "name" | "version">;
}

/**
 * Whether a proxy trusts all the roots: `trusting` has accepted the secret that has them, `waiting` has an older one or is about
 * to come back, `unseen` is connected and was never sent one.
 */
type RootTrust = "trusting" | "waiting" | "unseen";

/** How far the members of the mesh are. One that left a moment ago is waited for: it may come back with old roots. */
export function rootReadiness(facts: ReadinessFacts): Readiness {
  const byProxy = new Map<string, RootTrust>();
  for (const id of facts.members) byProxy.set(id, "waiting");
  const seen = new Map<string, RootTrust>();
  for (const { stream, session } of facts.streams) {
    if (!byProxy.has(session)) continue;
    seen.set(session, worse(seen.get(session), trustOf(stream, facts)));
  }
  for (const [id, trust] of seen) byProxy.set(id, trust);
  const ids = (wanted: RootTrust): readonly string[] =>
    [...byProxy].flatMap(([id, trust]) => (trust === wanted ? [id] : []));
  return {
    waiting: [...ids("waiting")].sort(),
    trusting: ids("trusting").length,
    unseen: ids("unseen").length,
  };
}

function trustOf(stream: string, { accepted, roots }: ReadinessFacts): RootTrust {
  const held = accepted(stream, TYPE_URL.secret).find(({ name }) => name === roots.name);
  if (held === undefined) return "unseen";
  return held.version === roots.version ? "trusting" : "waiting";
}

/** Of several streams of one proxy: one with old roots counts most, one without any least. */
function worse(a: RootTrust | undefined, b: RootTrust): RootTrust {
  if (a === "waiting" || b === "waiting") return "waiting";
  return a === "trusting" || b === "trusting" ? "trusting" : "unseen";
}
