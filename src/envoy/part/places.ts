/** Where proxies are, as far as it decides which endpoints they prefer. */
import { type Engine, sameElements } from "../../base/engine.js";
import type { Labels } from "../../mesh/labels.js";
import { failoverLabels, type Place, placeLabels } from "../../mesh/locality-balancing.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy.js";

/** Finds out where proxies are, as far as some rule asks; proxies in one place are given one object. */
export interface Places {
  /** The finder of one proxy's place. */
  readonly finder: (proxy: Proxy) => (mesh: Mesh) => Place;
  /** The place of a proxy of which nothing is known that a rule asks for. */
  readonly unknown: (mesh: Mesh) => Place;
}

/** The finder of places. */
export function createPlaces(engine: Engine): Places {
  const labelsAsked = engine.latest(
    "failover labels",
    (rules: Mesh["rules"], setting: Mesh["config"]["localityLbSetting"]) =>
      failoverLabels([...rules.values()].flat(), setting),
  );
  const settle = engine.settle<readonly string[]>(sameElements);
  // Asked for each proxy after each edit.
  const asked = engine.latestOf("failover labels of a mesh", ({ rules, config }: Mesh) =>
    settle(labelsAsked(rules, config.localityLbSetting)),
  );
  const shared = engine.memo(
    "place",
    (_asked: readonly string[], key: string) => JSON.parse(key) as Place,
  );
  const place = (keys: readonly string[], locality: string, labels: Labels): Place => {
    const known = keys.map((key) => [key, labels[key] ?? ""] as const);
    return shared(keys, JSON.stringify({ locality, labels: Object.fromEntries(known) }));
  };
  return {
    finder: (proxy) => {
      const find = engine.latestOf("place of a proxy", (keys: readonly string[]) =>
        place(keys, proxy.locality, placeLabels(proxy)),
      );
      return (mesh) => find(asked(mesh));
    },
    unknown: (mesh) => place(asked(mesh), "", {}),
  };
}
