/** What becomes of the resources of the configuration, in the words of their API. */
import type { Position } from "../../base/diagnostic.js";
import type { VirtualServiceSpec } from "../../config/kinds/networking/virtual-service/virtual-service.js";
import { type ConfigResource, formatRef, refOf } from "../../config/resource.js";
import type { ConfigSnapshot, ResourceTables } from "../../config/snapshot.js";
import { jsonDifferences, shownValue } from "../json-differences.js";

/** What becomes of one resource. */
export interface ResourceChange {
  /** `Kind name.namespace`. */
  readonly resource: string;
  readonly action: "added" | "changed" | "removed";
  /** Where it is written, or was. */
  readonly position?: Position;
  /** Of one that is changed: what it says otherwise. A Secret's is not told. */
  readonly words: readonly string[];
}

/** One side of a change. */
export interface Side {
  readonly tables: ResourceTables;
  readonly locate: ConfigSnapshot["locate"];
}

type AnyTable = ResourceTables[keyof ResourceTables];

/** By kind and name. Both sides have one object for what is the same on both. */
export function resourceChanges(before: Side, after: Side): readonly ResourceChange[] {
  const kinds = Object.keys(after.tables) as (keyof ResourceTables)[];
  return kinds.flatMap((kind) => {
    const [old, now]: readonly AnyTable[] = [before.tables[kind], after.tables[kind]];
    if (old === undefined || now === undefined) return [];
    const changes = (now as ResourceTables["Service"])
      .changesFrom(old as ResourceTables["Service"])
      .map((one) => changeOf(one.before, one.after, { before, after }))
      .filter((change) => change !== undefined);
    return changes.sort((a, b) => (a.resource < b.resource ? -1 : 1));
  });
}

function changeOf(
  before: ConfigResource | undefined,
  after: ConfigResource | undefined,
  sides: { readonly before: Side; readonly after: Side },
): ResourceChange | undefined {
  const resource = after ?? before;
  if (resource === undefined) return undefined;
  const side = after === undefined ? sides.before : sides.after;
  const position = side.locate(refOf(resource));
  return {
    resource: formatRef(refOf(resource)),
    action: before === undefined ? "added" : after === undefined ? "removed" : "changed",
    ...(position === undefined ? {} : { position }),
    words: before === undefined || after === undefined ? [] : wordsOf(before, after),
  };
}

function wordsOf(before: ConfigResource, after: ConfigResource): readonly string[] {
  if (after.kind === "Secret") return [];
  const shares = after.kind === "VirtualService" ? sharesOf(before, after) : [];
  const places = jsonDifferences(contentOf(before), contentOf(after)).filter(
    // Said already, as what it means.
    ({ path }) => shares.length === 0 || !SHARE_PATH.test(path),
  );
  return [
    ...shares,
    ...places.map(
      (place) => `${place.path}: ${shownValue(place.before)} -> ${shownValue(place.after)}`,
    ),
  ];
}

function contentOf({ metadata, spec, status }: ConfigResource): object {
  const { labels, annotations } = metadata;
  return { metadata: { labels, annotations }, spec, status };
}

const SHARE_PATH = /^spec\.http(?:\.\d+|\[.*\])\.route\.\d+\.weight$/;

type HttpRoutes = NonNullable<VirtualServiceSpec["http"]>;

/** How requests are spread otherwise: `http route 1: payments v2 1 % -> 5 %`. */
function sharesOf(before: ConfigResource, after: ConfigResource): readonly string[] {
  const [old, now] = [before, after].map(
    ({ spec }): HttpRoutes => (spec as VirtualServiceSpec).http ?? [],
  );
  return (now ?? []).flatMap((route, i) => {
    const [was, is] = [percentages(old?.[i]), percentages(route)];
    const changes = [...new Set([...was.keys(), ...is.keys()])]
      .filter((name) => was.get(name) !== is.get(name))
      .map((name) => `${name} ${percent(was.get(name))} -> ${percent(is.get(name))}`);
    const name = route.name === undefined ? `${i + 1}` : `${i + 1} (${route.name})`;
    return changes.length === 0 ? [] : [`http route ${name}: ${changes.join(", ")}`];
  });
}

/** The share of each destination; one without a weight among others has none. */
function percentages(route: HttpRoutes[number] | undefined): ReadonlyMap<string, number> {
  const destinations = route?.route ?? [];
  const weightOf = (weight: number | undefined): number =>
    destinations.length === 1 ? 1 : (weight ?? 0);
  const total = destinations.reduce((sum, { weight }) => sum + weightOf(weight), 0);
  const shares = new Map<string, number>();
  for (const { destination, weight } of destinations) {
    const { host, subset } = destination;
    const name = subset === undefined ? host : `${host} ${subset}`;
    shares.set(name, (shares.get(name) ?? 0) + (100 * weightOf(weight)) / (total || 1));
  }
  return shares;
}

const percent = (share = 0): string => `${Math.round(share * 100) / 100} %`;
