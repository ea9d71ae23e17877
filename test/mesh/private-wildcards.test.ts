/** A wildcard host that one namespace has looked up for itself, and that is something else in another. */
import { once } from "node:events";
import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { explanationOf } from "./harness/explanations.js";
import { application, documents } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { call } from "./harness/requests.js";
import { startMesh } from "./harness/test-mesh.js";

/** An address outside of the mesh. */
const OUTSIDE = ownAddress(36);
const PORT = 8000;

const entry = (where: string, more: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: world, namespace: ${where} }
spec:
  hosts: ["*.world.example"]
  exportTo: ["."]
  ports: [{ number: ${String(PORT)}, name: http, protocol: HTTP }]
  ${more}
`;

/** Requests for a host that is none of the wildcard: nobody could look it up as one of these. */
const ROUTE = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: partner, namespace: other }
spec:
  hosts: [partner.example]
  http: [{ route: [{ destination: { host: "*.world.example", port: { number: ${String(PORT)} } } }] }]
`;

test("what a namespace looks up for itself is not looked up for the routes of another", async () => {
  const server = createServer((_request, response) => {
    response.end("the endpoint");
  });
  server.listen(PORT, OUTSIDE);
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  const mesh = await startMesh(
    {
      "mesh.yaml": documents(
        application("caller", { namespace: "other" }),
        entry("private", "resolution: DYNAMIC_DNS"),
        entry("other", `resolution: STATIC\n  endpoints: [{ address: ${OUTSIDE} }]`),
        ROUTE,
      ),
    },
    { standIns: false },
  );
  const answer = await call(mesh.pod("caller-0.other"), "http://partner.example/");
  expect([answer.status, answer.body]).toEqual([200, "the endpoint"]);
  const { results } = await explanationOf(
    mesh,
    ...["--from", "caller-0.other", "http://partner.example/"],
  );
  expect(results).toMatchObject([
    { share: 1, flags: "-", answeredBy: [`${OUTSIDE}:${String(PORT)}`] },
  ]);
});
