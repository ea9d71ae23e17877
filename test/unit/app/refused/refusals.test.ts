import { expect, test } from "vitest";
import { createDiscovery } from "../../../../src/app/discovery.js";
import { createListeners } from "../../../../src/app/listeners.js";
import { createRefusals } from "../../../../src/app/refused/refusals.js";
import { watchEncoder } from "../../../../src/app/refused/watched-encoder.js";
import type { Settled } from "../../../../src/app/update/followed-update.js";
import type { Update } from "../../../../src/app/update/update.js";
import { Engine } from "../../../../src/base/engine/engine.js";
import { parseNode } from "../../../../src/mesh/proxy/proxy.js";
import { fakeClock } from "../../base/fake-clock.js";
import { createDirectory, service } from "../../config/directory.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const NO_CHAINS = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: bare }
spec:
  configPatches:
    - applyTo: FILTER_CHAIN
      match: { context: SIDECAR_OUTBOUND }
      patch: { operation: REMOVE }
`;

/** What is refused in a mesh with a sidecar that has asked for nothing but clusters, and the changes of that. */
function startMesh() {
  const engine = new Engine();
  const watched = watchEncoder(goldenEncoder(), engine);
  const snapshot = createDirectory({ engine }).write({
    "service.yaml": service("cart"),
    "filter.yaml": NO_CHAINS,
  });
  const discovery = createDiscovery(watched.encoder, snapshot, engine);
  const id = "sidecar~10.0.0.1~a.default~default.svc.cluster.local";
  const proxy = parseNode({ id, metadata: {} });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const connected = { proxy, controlPlane: undefined };
  const facts = { envoyVersion: "", adminAddress: "" };
  const settled = createListeners<Settled>();
  const changes: Update[] = [];
  const refusals = createRefusals({
    hasRefused: watched.hasRefused,
    configuration: { snapshot: () => snapshot },
    discovery,
    sessions: { connected: () => [{ connected, proof: undefined, facts }] },
    settled,
    streams: () => [],
    publish: () => undefined,
    onChange: (update) => changes.push(update),
    onCounts: () => undefined,
    onFault: (fault) => {
      throw fault;
    },
    clock: fakeClock(),
  });
  expect(discovery.resourcesOf(connected).clusters.size).toBeGreaterThan(0);
  expect(watched.hasRefused()).toBe(false);
  return { refusals, settled, changes };
}

/** Of both listeners. */
const REFUSED = ["0.0.0.0_80", "virtualOutbound"].map((listener) => ({
  code: "refused-by-envoy",
  message: expect.stringContaining(listener) as string,
  position: { file: "mesh/filter.yaml" },
}));

test("what Envoy would refuse is listed before a proxy asks for it", () => {
  expect(startMesh().refusals.list()).toMatchObject(REFUSED);
});

test("what Envoy would refuse is told with the edit that makes it, before a proxy asks for it", () => {
  const { settled, changes } = startMesh();
  const update = { changed: [], newDiagnostics: [], clearedDiagnostics: [] };
  settled.tell({ update, concerned: 0, acknowledged: 0, rejected: [], ms: 0, times: [] });
  expect(changes).toMatchObject([{ newDiagnostics: REFUSED }]);
});
