/** Rotates the root when it is asked to, as fast as the proxies of this control plane trust the next one. */
import type { AdsServer } from "../../xds/ads-server.js";
import type { ProxyRegistry } from "../registry/proxy-registry.js";
import type { Registration } from "../registry/registration.js";
import type { ProxySessions } from "../sessions/proxy-sessions.js";
import type { Identity } from "./identity.js";
import { rootReadiness } from "./root-readiness.js";

/** What is looked at. */
export interface FollowAuthorityOptions {
  readonly identity: Identity;
  readonly registry: Pick<ProxyRegistry, "own">;
  readonly ads: Pick<AdsServer, "streams" | "accepted">;
  readonly sessions: Pick<ProxySessions, "connected">;
}

/** See the top of this file. */
export function followAuthority({
  identity,
  registry,
  ads,
  sessions,
}: FollowAuthorityOptions): void {
  identity.followAuthority(() =>
    rootReadiness({
      streams: ads.streams(),
      accepted: (stream, typeUrl) => ads.accepted(stream, typeUrl),
      members: membersOf(sessions, registry),
      roots: identity.secrets.roots(),
    }),
  );
}

/** The proxies that proved who they are: those that are connected, and those that left a moment ago. */
function membersOf(
  sessions: Pick<ProxySessions, "connected">,
  registry: Pick<ProxyRegistry, "own">,
): ReadonlySet<string> {
  const connected = sessions.connected().filter(({ proof }) => proof !== undefined);
  return new Set([
    ...[...registry.own().values()].filter(isHere).map(({ proxy }) => proxy.id),
    ...connected.map((session) => session.connected.proxy.id),
  ]);
}

/** Those that are elsewhere are waited for there. */
const isHere = ({ presence }: Registration): boolean => presence !== "reported";
