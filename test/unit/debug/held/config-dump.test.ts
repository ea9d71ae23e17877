import { expect, test, vi } from "vitest";
import type { ReadAccepted } from "../../../../src/debug/held/accepted-resources.js";
import { createComposeDump } from "../../../../src/debug/held/config-dump.js";
import { TYPE_URL } from "../../../../src/xds/resource.js";
import type { StreamStatus } from "../../../../src/xds/state/status/stream-status.js";

const STREAM = { types: [] } as unknown as StreamStatus;
const OBSERVED = { accepted: () => [] };

test.each([
  [["ListenersConfigDump"], [TYPE_URL.listener]],
  [["RoutesConfigDump"], [TYPE_URL.route, TYPE_URL.virtualHost]],
  [
    ["EndpointsConfigDump", "ClustersConfigDump"],
    [TYPE_URL.cluster, TYPE_URL.endpoint],
  ],
  [["NoSuchDump"], []],
])("a dump of %j reads nothing else", async (names, typeUrls) => {
  const read = vi.fn<ReadAccepted>(() => Promise.resolve(new Map()));
  const asked = names.map((name) => ({ name, fields: ["name"], nameParts: ["a"] }));
  const sections = await createComposeDump(read)(STREAM, OBSERVED, asked);
  const wanted = typeUrls.map((typeUrl) => ({ typeUrl, fields: ["name"], nameParts: ["a"] }));
  expect(read).toHaveBeenCalledExactlyOnceWith(STREAM, OBSERVED, wanted);
  expect(sections).toHaveLength(names.filter((name) => name !== "NoSuchDump").length);
});

test("a dump of nothing in particular has all sections", async () => {
  const sections = await createComposeDump(() => Promise.resolve(new Map()))(STREAM, OBSERVED);
  expect(sections.map(({ "@type": type }) => type)).toEqual(
    ["Clusters", "Listeners", "Routes", "Secrets", "Ecds", "Endpoints"].map(
      (name) => `type.googleapis.com/envoy.admin.v3.${name}ConfigDump`,
    ),
  );
});
