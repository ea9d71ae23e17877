/** Hosts whose endpoints a ServiceEntry names as Services of the mesh, in a mesh on this machine, where no DNS knows these names. */
import { expect, test } from "vitest";
import { application, documents } from "./harness/manifests.js";
import { call, echoOf } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const entry = (name: string, location: string, address: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example.com]
  location: ${location}
  resolution: DNS
  ports: [{ number: 8000, name: http, protocol: HTTP, targetPort: 80 }]
  endpoints: [{ address: ${address} }]
`;

const mesh = shareMesh({
  "apps.yaml": documents(application("caller"), application("called"), application("other")),
  "entries.yaml": documents(
    entry("outside", "MESH_EXTERNAL", "called.default.svc.cluster.local"),
    entry("inside", "MESH_INTERNAL", "called.default"),
    entry("elsewhere", "MESH_EXTERNAL", "called.example.org"),
  ),
});

const answerOf = async (host: string) =>
  echoOf(await call(mesh().pod("caller-0"), `http://${host}.example.com:8000/`));

test("such a host is answered by the pods of the Service, inside and outside of the mesh, and others by stand-ins", async () => {
  expect(await answerOf("outside")).toMatchObject({ pod: "called-0" });
  expect(await answerOf("inside")).toMatchObject({ pod: "called-0" });
  expect(await answerOf("elsewhere")).toMatchObject({ standInFor: "elsewhere.example.com" });
});

test("it is another Service's as soon as the ServiceEntry names that", async () => {
  await mesh().writeForTest(
    "entries.yaml",
    entry("outside", "MESH_EXTERNAL", "other.default.svc.cluster.local"),
  );
  await expect.poll(async () => (await answerOf("outside")).pod).toBe("other-0");
});
