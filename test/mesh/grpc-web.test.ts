/** What browsers send of gRPC, by a gateway to a server that speaks gRPC alone. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { documents, HTTP_GATEWAY_SERVICE } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { callAddress } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";
import { serveUnary } from "./harness/unary-server.js";

/** An address outside of the mesh. */
const OUTSIDE = ownAddress(41);
const PORT = 9000;
const METHOD = "/demo.Greeter/Hello";

const GATEWAY = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: 80, name: grpc-web, protocol: GRPC-WEB }
    hosts: ["*"]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: greeter }
spec:
  hosts: [greeter.example]
  resolution: STATIC
  ports: [{ number: ${String(PORT)}, name: grpc, protocol: GRPC }]
  endpoints: [{ address: ${OUTSIDE} }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: greeter }
spec:
  hosts: ["*"]
  gateways: [istio-system/edge]
  http: [{ route: [{ destination: { host: greeter.example, port: { number: ${String(PORT)} } } }] }]
`;

const mesh = shareServedMesh({ "mesh.yaml": documents(HTTP_GATEWAY_SERVICE, GATEWAY) });

let stop: (() => void) | undefined;
beforeAll(async () => {
  stop = await serveUnary({
    address: OUTSIDE,
    port: PORT,
    path: METHOD,
    answer: (message) => Buffer.from(`hello, ${message.toString()}`),
  });
});
afterAll(() => stop?.());

/** A message with its length before it, as gRPC frames it, of fewer than 128 bytes of ASCII. */
const framed = (message: string): string =>
  `\0\0\0\0${String.fromCharCode(message.length)}${message}`;

test("a browser's call of gRPC-Web at a port of it reaches a server as gRPC, and is answered in kind", async () => {
  const answer = await callAddress(
    { address: mesh().gateway().addresses.pod, port: 8080 },
    `http://greeter.example${METHOD}`,
    {
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
      body: framed("browser"),
    },
  );
  expect([answer.status, answer.headers["content-type"]]).toEqual([
    200,
    "application/grpc-web+proto",
  ]);
  expect(answer.body.startsWith(framed("hello, browser"))).toBe(true);
  // The trailers of gRPC, which a browser cannot read, come as the last part of the body.
  expect(answer.body).toContain("grpc-status:0");
});
