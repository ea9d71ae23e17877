/** The listeners of a sidecar, and the names that its application knows where the proxy or its agent answers DNS. */
import type { FieldNames } from "../../base/engine/call.js";
import type { Engine } from "../../base/engine/engine.js";
import type { Lazy } from "../../base/lazy.js";
import { Table } from "../../base/table/table.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { HostNames } from "../../mesh/view/named-host.js";
import { createBoundListeners } from "../outbound/listeners.js";
import type { Patches } from "../patch/patches.js";
import type { Encoder } from "../resource/encoder.js";
import { type ResourceSet, unionOf } from "../resource/resource-set.js";
import { createDnsListeners, type createNameTables, createReachedNames } from "./dns.js";
import type { SidecarOutbound } from "./sidecar-outbound.js";

/** See the top of this file. Each is made when it is asked for. */
export interface SidecarListeners {
  readonly listeners: Lazy<ResourceSet>;
  readonly names: Lazy<ResourceSet>;
}

/** What all sidecars' listeners depend on. */
export interface SidecarListenersDependencies {
  readonly engine: Engine;
  readonly patches: Patches;
  readonly nameTables: ReturnType<typeof createNameTables>;
}

/** What says which names the application of a sidecar knows. */
export type NameSources = Pick<SidecarOutbound, "names" | "listeners">;

const NAME_SOURCES: FieldNames<NameSources> = { names: true, listeners: true };

/**
 * Makes, for each sidecar, a builder of these from what it shares with others and from the listeners of its own workload. They stay
 * the same objects as long as nothing in them changes, which is so for most edits.
 */
export function createSidecarListeners(
  { engine, patches, nameTables }: SidecarListenersDependencies,
  encoder: Encoder,
): (proxy: Proxy) => (outbound: NameSources, own: Lazy<ResourceSet>) => SidecarListeners {
  const dnsListeners = createDnsListeners(engine, encoder);
  const reachedNames = createReachedNames(engine);
  const bound = createBoundListeners(engine, encoder);
  return (proxy) => {
    const patch = patches.patching.listeners();
    const all = engine.latest("listeners of a proxy", unionOf);
    const ownOf = engine.latest("own listeners of a proxy", unionOf);
    const outboundOf = (made: SidecarOutbound["listeners"]): ResourceSet => {
      const from = made.get();
      return from instanceof Table ? from : patch(bound({ ...from, proxy }), from.patches);
    };
    const namesIn = engine.latestFields(
      "names of a proxy",
      NAME_SOURCES,
      ({ names, listeners }: NameSources) =>
        engine.lazy((): HostNames => {
          const from = listeners.get();
          const known = names.get();
          return from instanceof Table ? known : reachedNames(known, from.entries, proxy);
        }),
    );
    const listenersOf = engine.latest(
      "all listeners of a proxy",
      (made: SidecarOutbound["listeners"], names: Lazy<HostNames>, own: Lazy<ResourceSet>) =>
        engine.lazy(() =>
          all(outboundOf(made), ownOf(own.get(), dnsListeners(names.get(), proxy))),
        ),
    );
    const namesOf = engine.latestOf("name table of a proxy", (names: Lazy<HostNames>) =>
      engine.lazy(() => nameTables(names.get(), proxy)),
    );
    return (outbound, own) => {
      const names = namesIn(outbound);
      return { listeners: listenersOf(outbound.listeners, names, own), names: namesOf(names) };
    };
  };
}
