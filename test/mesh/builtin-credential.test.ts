/** A gateway that shows callers from outside its own certificate of the mesh. */
import { expect, test } from "vitest";
import { application, documents, httpsGateway } from "./harness/manifests.js";
import { callTls, echoOf } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const server = (name: string, mode: string): string => `
  - port: { number: 443, name: https-${name}, protocol: HTTPS }
    hosts: [${name}.example.com]
    tls: { mode: ${mode}, credentialName: "builtin://" }`;

const mesh = shareMesh({
  "mesh.yaml": documents(
    application("my-service"),
    httpsGateway(server("simple", "SIMPLE") + server("mutual", "MUTUAL")),
  ),
});

const get = (url: string): ReturnType<typeof callTls> =>
  callTls({ address: mesh().gateway().addresses.pod, port: 8443 }, url);

test("it answers with that, and calls on", async () => {
  const answer = await get("https://simple.example.com/");
  expect(answer.certificate?.subjectaltname).toContain(
    "URI:spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway",
  );
  expect(echoOf(answer)).toMatchObject({ pod: "my-service-0" });
});

test("who has no certificate of the mesh is refused where one is asked for", async () => {
  await expect(get("https://mutual.example.com/")).rejects.toMatchObject({
    code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
  });
});
