/** Which pods get a sidecar, by the label of their namespace. */
import { expect, test } from "vitest";
import { processesOf } from "./harness/admin.js";
import { application, documents, namespace } from "./harness/manifests.js";
import { call, echoOf } from "./harness/requests.js";
import { startMesh, type TestMesh } from "./harness/test-mesh.js";

/** Shorter than a sidecar that is gone is still counted on. */
const LABEL_TIMEOUT_MS = 8000;

/** The ids of the proxies of a pod: there is one or none. */
const proxiesOf = (mesh: TestMesh, pod: string): Promise<readonly number[]> =>
  processesOf(`${mesh.state}/proxies/${pod}/`);

/** Who answers at the first service, and who it believes its caller to be. */
async function answer(mesh: TestMesh): Promise<object> {
  const { pod, peer } = echoOf(await call(mesh.pod("caller-0"), "http://called.labelled/"));
  return { pod, peer };
}

test("a namespace's label decides whether its pods get sidecars, also when it changes", async () => {
  const mesh = await startMesh({
    "caller.yaml": documents(namespace("default", "enabled"), application("caller")),
    "namespace.yaml": namespace("labelled", "disabled"),
    "called.yaml": application("called", { namespace: "labelled" }),
  });
  const without = { pod: "called-0", peer: null };
  const withSidecar = { pod: "called-0", peer: "spiffe://cluster.local/ns/default/sa/caller" };
  expect(await proxiesOf(mesh, "caller-0.default")).toHaveLength(1);
  expect(await proxiesOf(mesh, "called-0.labelled")).toEqual([]);
  expect(await answer(mesh)).toEqual(without);

  await mesh.write("namespace.yaml", namespace("labelled", "enabled"));
  await expect
    .poll(() => answer(mesh).catch(() => undefined), { timeout: LABEL_TIMEOUT_MS })
    .toEqual(withSidecar);
  expect(await proxiesOf(mesh, "called-0.labelled")).toHaveLength(1);

  await mesh.write("namespace.yaml", namespace("labelled", "disabled"));
  await expect
    .poll(() => answer(mesh).catch(() => undefined), { timeout: LABEL_TIMEOUT_MS })
    .toEqual(without);
  expect(await proxiesOf(mesh, "called-0.labelled")).toEqual([]);
});
