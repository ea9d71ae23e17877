/** Routing between workloads: a VirtualService on a host of the mesh, by whatever name the host goes. */
import { expect, test } from "vitest";
import { application, documents, namespace } from "./harness/manifests.js";
import { call, callAddress, echoOf, type Question } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const FULL_NAME = "reviews.default.svc.cluster.local";
/** By which applications call it; in resources a name with a dot is a full one. */
const NAMES = ["reviews", "reviews.default", FULL_NAME] as const;
const STOCK_PORT = 8000;

const mesh = shareMesh({
  "apps.yaml": documents(
    namespace("default", "enabled"),
    namespace("warehouse", "enabled"),
    application("caller"),
    application("reviews", { versions: ["v1", "v2"] }),
    application("stock", { namespace: "warehouse", versions: ["v1", "v2"], port: STOCK_PORT }),
  ),
  "versions.yaml": documents(versionsOf("reviews", "default"), versionsOf("stock", "warehouse")),
});

function versionsOf(host: string, of: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${host}, namespace: ${of} }
spec:
  host: ${host}
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
`;
}

/** A VirtualService by which a host routes; the host is also what it routes to. */
function routing(host: string, of: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: routing, namespace: ${of} }
spec:
  hosts: [${host}]
  http:
    - match: [{ uri: { prefix: /new/ } }]
      route: [{ destination: { host: ${host}, subset: v2 } }]
    - match: [{ headers: { end-user: { exact: jason } } }]
      route: [{ destination: { host: ${host}, subset: v2 } }]
    - match: [{ uri: { prefix: /old/ } }]
      rewrite: { uri: /today/, authority: rewritten.example.com }
      route: [{ destination: { host: ${host}, subset: v1 } }]
    - match: [{ uri: { prefix: /slow } }]
      timeout: 0.3s
      route: [{ destination: { host: ${host}, subset: v1 } }]
    - route: [{ destination: { host: ${host}, subset: v1 } }]
`;
}

/** How a request is routed: the version that answered it, and what it got to see. */
async function routed(url: string, question: Question = {}): Promise<object> {
  const { version, path, authority } = echoOf(await call(mesh().pod("caller-0"), url, question));
  return { version, path, authority };
}

test.each(["reviews", FULL_NAME])(
  "routes by a VirtualService for %s, however the caller names it",
  async (host) => {
    await mesh().writeForTest("routing.yaml", routing(host, "default"));
    for (const name of NAMES) {
      const url = `http://${name}`;
      const untouched = { authority: name };
      const jason = { headers: { "end-user": "jason" } };
      expect(await routed(`${url}/`)).toEqual({ version: "v1", path: "/", ...untouched });
      expect(await routed(`${url}/new/1?a=b`)).toEqual({
        version: "v2",
        path: "/new/1?a=b",
        ...untouched,
      });
      expect(await routed(`${url}/`, jason)).toEqual({ version: "v2", path: "/", ...untouched });
      expect(await routed(`${url}/old/1?a=b`)).toEqual({
        version: "v1",
        path: "/today/1?a=b",
        authority: "rewritten.example.com",
      });
      expect(await routed(`${url}/slow`)).toEqual({ version: "v1", path: "/slow", ...untouched });
      const late = await call(mesh().pod("caller-0"), `${url}/slow/delay/5s`);
      expect(late).toMatchObject({ status: 504, body: "upstream request timeout" });
    }
  },
);

test("ends with the VirtualService: requests go to all versions again", async () => {
  await mesh().writeForTest("routing.yaml", routing("reviews", "default"));
  expect(await routed("http://reviews/old/1")).toMatchObject({ path: "/today/1" });
  await mesh().remove("routing.yaml");
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => routed("http://reviews/old/1")),
  );
  const seen = new Set(answers.map((answer) => JSON.stringify(answer)));
  const untouched = { path: "/old/1", authority: "reviews" };
  expect([...seen].sort()).toEqual([
    JSON.stringify({ version: "v1", ...untouched }),
    JSON.stringify({ version: "v2", ...untouched }),
  ]);
});

test.each([
  ["stock", "warehouse"],
  ["stock.warehouse.svc.cluster.local", "default"],
])("routes calls into another namespace by a VirtualService for %s in %s", async (host, of) => {
  await mesh().writeForTest("routing.yaml", routing(host, of));
  const { egress } = mesh().pod("caller-0").addresses;
  for (const name of ["stock.warehouse", "stock.warehouse.svc.cluster.local"]) {
    const url = `http://${name}:${String(STOCK_PORT)}/new/1`;
    expect(await routed(url)).toMatchObject({ version: "v2", path: "/new/1" });
    const byPort = await callAddress({ address: egress, port: STOCK_PORT }, url);
    expect(echoOf(byPort)).toMatchObject({ version: "v2", path: "/new/1" });
  }
});
