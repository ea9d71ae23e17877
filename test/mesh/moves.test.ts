/**
 * A Service goes over to workloads of another identity, and back: the names that its cluster accepts change together with its
 * endpoints. Envoy gives new endpoints to the cluster that it is about to replace too, which accepts the former names.
 */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { heldResources } from "./harness/held-resources.js";
import { failures, startLoad } from "./harness/load.js";
import { application, documents, meshConfiguration } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { call, keepAliveAgent } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const { FAIRLEAD_MOVES = "12" } = process.env;
const MOVES = Number(FAIRLEAD_MOVES);
const LOAD = 8;
const PATIENCE_MS = 30_000;
const EDITED = "moved.yaml";
const CALLERS = ["caller-0", "caller-1"];

/** Where it leads: to workloads of one identity, of the other, of both. */
const SELECTORS = ["{ app: red }", "{ app: blue }", "{ version: v1 }"] as const;

const leadingTo = (selector: string): string => `
apiVersion: v1
kind: Service
metadata: { name: moved }
spec:
  selector: ${selector}
  ports: [{ name: http, port: 80, targetPort: 8080 }]
`;

/** One after the other, so that each follows each. */
const ORDER = [0, 1, 2, 0, 2, 1] as const;
const selectorOf = (move: number): string => SELECTORS[ORDER[move % ORDER.length]!];

const mesh = shareServedMesh({
  "apps.yaml": documents(
    application("caller", { replicas: CALLERS.length }),
    application("red", { versions: ["v1"] }),
    application("blue", { versions: ["v1"] }),
  ),
  "mesh.yaml": meshConfiguration({ defaultHttpRetryPolicy: { attempts: 0 } }),
  [EDITED]: leadingTo(selectorOf(0)),
});

/** Resolves when the control plane has read where the Service leads, and the callers have answered to it. */
async function untilSettled(selector: string): Promise<void> {
  const controlPlane = mesh().controlPlane();
  const read = (): string => {
    const service = controlPlane.snapshot().tables.Service.get("default/moved");
    const [[label, value] = []] = Object.entries(service?.spec.selector ?? {});
    return `{ ${label}: ${value} }`;
  };
  await expect.poll(read, { timeout: PATIENCE_MS, interval: 5 }).toBe(selector);
  await controlPlane.idle();
}

test(`requests go on through ${MOVES} moves`, { timeout: PATIENCE_MS + MOVES * 5000 }, async () => {
  const { directory } = mesh();
  const agent = keepAliveAgent();
  let turn = 0;
  const load = startLoad(LOAD, () =>
    call(mesh().pod(CALLERS[turn++ % CALLERS.length]!), "http://moved/", { agent }),
  );
  onTestFinished(async () => {
    await load.stop();
  });
  for (let move = 1; move <= MOVES; move++) {
    const selector = selectorOf(move);
    await writeAtOnce(join(directory, EDITED), leadingTo(selector));
    // Of five one is followed by the next before the callers have answered.
    if (move % 5 !== 1 || move === MOVES) await untilSettled(selector);
    await load.more(LOAD);
  }
  await load.more(2 * LOAD);
  expect(failures(load.outcomes)).toEqual([]);
});

test("in the end each caller holds what a new one gets", async () => {
  for (const caller of CALLERS.map((name) => mesh().pod(name))) {
    const held = await heldResources(caller);
    await mesh().replaceProxy(caller);
    expect(held, caller.name).toEqual(await heldResources(caller));
  }
});
