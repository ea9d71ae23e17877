import { expect, test } from "vitest";
import { compareDumps } from "../../../src/console/compare-dumps.js";
import { parseConfigDump } from "../../../src/console/config-dump.js";

const ADMIN = "type.googleapis.com/envoy.admin.v3";

interface DumpOptions {
  readonly clusters: readonly object[];
  /** As Envoy's admin interface writes it: with the names of the .proto files. */
  readonly original?: boolean;
}

/** A dump of these clusters and one route table. */
function dumpOf({ clusters, original = false }: DumpOptions): string {
  const key = (camel: string): string =>
    original ? camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : camel;
  return JSON.stringify({
    configs: [
      {
        "@type": `${ADMIN}.ClustersConfigDump`,
        [key("staticClusters")]: [{ cluster: { name: original ? "xds-grpc" : "other" } }],
        [key("dynamicActiveClusters")]: clusters.map((cluster) => ({ cluster })),
      },
      { "@type": `${ADMIN}.ListenersConfigDump` },
      {
        "@type": `${ADMIN}.RoutesConfigDump`,
        [key("dynamicRouteConfigs")]: [{ [key("routeConfig")]: { name: "80" } }],
      },
    ],
  });
}

const compare = (sent: DumpOptions, held: DumpOptions) =>
  compareDumps(parseConfigDump(dumpOf(sent)), parseConfigDump(dumpOf(held)));

test("finds no difference between the two ways of writing the same", () => {
  const sent = { clusters: [{ name: "a", connectTimeout: "10s", type: "EDS" }] };
  const held = { clusters: [{ type: "EDS", name: "a", connect_timeout: "10s" }], original: true };
  expect(compare(sent, held)).toEqual([
    { type: "Clusters", differences: [] },
    { type: "Listeners", differences: [] },
    { type: "Routes", differences: [] },
  ]);
});

test("names what is on one side alone, and the places at which the others differ", () => {
  const sent = [{ name: "a" }, { name: "b", lbPolicy: "RANDOM", metadata: { labels: ["x", "y"] } }];
  const held = [{ name: "b", metadata: { labels: ["x", "z"] } }, { name: "c" }];
  expect(compare({ clusters: sent }, { clusters: held })[0]).toEqual({
    type: "Clusters",
    differences: [
      { name: "a", places: ["sent, but not held"] },
      {
        name: "b",
        places: ['lbPolicy: sent "RANDOM", held nothing', 'metadata.labels.1: sent "y", held "z"'],
      },
      { name: "c", places: ["held, but not sent"] },
    ],
  });
});

test("names a few places of a resource that is another one altogether", () => {
  const many = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`field${at}`, at]));
  const [clusters] = compare({ clusters: [{ name: "a", ...many }] }, { clusters: [{ name: "a" }] });
  expect(clusters?.differences[0]?.places).toHaveLength(6);
  expect(clusters?.differences[0]?.places.at(-1)).toBe("and 3 more");
});

test("says that a dump lacks a section", () => {
  const empty = parseConfigDump(JSON.stringify({ configs: [] }));
  expect(() => compareDumps(empty, empty)).toThrow("the dump has no ClustersConfigDump");
});
