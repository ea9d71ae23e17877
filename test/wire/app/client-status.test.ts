/** Envoy's client status discovery service, asked over the plaintext port of a running control plane. */

import * as grpc from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import type {
  ClientStatusRequestJson,
  ClientStatusResponseJson,
} from "../../../gen/types/envoy/service/status/v3/csds_pb.js";
import { serviceDefinition } from "../../../src/debug/grpc-service.js";
import { CLIENT_STATUS_SERVICE } from "../../../src/debug/istio/client-status-service.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { noteOutput } from "../../outputs/note-output.js";
import { openDelta } from "../xds/discovery.js";
import { registry } from "../xds/view-server.js";
import { joinAs, shareDebugged } from "./debugged.js";

const debugged = shareDebugged();

const METHODS = serviceDefinition(registry, CLIENT_STATUS_SERVICE);

function fetchStatus(request: ClientStatusRequestJson): Promise<ClientStatusResponseJson> {
  const { plaintextPort } = debugged().controlPlane;
  const client = new grpc.Client(`127.0.0.1:${plaintextPort}`, grpc.credentials.createInsecure());
  onTestFinished(() => {
    client.close();
  });
  const method = METHODS["FetchClientStatus"] as grpc.MethodDefinition<object, object>;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      (error, response) => {
        noteOutput("client status service", JSON.stringify(response ?? error));
        if (response !== undefined) resolve(response);
        else reject(error ?? new Error("no response"));
      },
    );
  });
}

const statusOf = async (id: string, excludeResourceContents: boolean): Promise<unknown> => {
  const request = { nodeMatchers: [{ nodeId: { exact: id } }], excludeResourceContents };
  return (await fetchStatus(request)).config?.[0];
};

/** A proxy on the plaintext port that refuses the first response, and does not answer the others. */
async function refuse(name: string, words: string): Promise<void> {
  const { plaintextPort } = debugged().controlPlane;
  const stream = openDelta(`127.0.0.1:${plaintextPort}`);
  const node = {
    id: `sidecar~127.0.0.1~${name}.default~default.svc.cluster.local`,
    metadata: { NAME: name, NAMESPACE: "default" },
  };
  stream.send({ node, typeUrl: TYPE_URL.cluster });
  for (;;) {
    const { nonce = "", resources = [] } = await stream.next();
    const errorDetail = { code: 13, message: words };
    stream.send({ typeUrl: TYPE_URL.cluster, responseNonce: nonce, errorDetail });
    // What is refused alone is the culprit, and is not sent again.
    if (resources.length === 1) return;
  }
}

test("tells where each type stands, without the resources", async () => {
  await joinAs(debugged(), "payments-0");
  expect(await statusOf("payments-0.default", true)).toEqual({
    node: {
      id: "payments-0.default",
      metadata: { CLUSTER_ID: "Kubernetes", NAMESPACE: "default", ISTIO_VERSION: "" },
    },
    genericXdsConfigs: [TYPE_URL.cluster, TYPE_URL.secret].map((typeUrl) => ({
      typeUrl,
      configStatus: "SYNCED",
      lastUpdated: expect.any(String) as string,
    })),
  });
});

test("shows each resource that was accepted, without its secret", async () => {
  await joinAs(debugged(), "payments-1");
  const config = await statusOf("payments-1.default", false);
  expect(config).toMatchObject({
    genericXdsConfigs: expect.arrayContaining([
      expect.objectContaining({
        typeUrl: TYPE_URL.cluster,
        name: "outbound|80||payments.default.svc.cluster.local",
        configStatus: "SYNCED",
        clientStatus: "ACKED",
      }),
      expect.objectContaining({
        name: "default",
        xdsConfig: expect.objectContaining({
          tlsCertificate: expect.objectContaining({
            privateKey: { inlineString: "[redacted]" },
          }) as object,
        }) as object,
      }),
    ]) as object[],
  });
  expect(JSON.stringify(config)).not.toContain("PRIVATE KEY");
});

test("says in the proxy's own words why it refused", async () => {
  await refuse("stubborn-0", "I do not want this");
  await expect
    .poll(() => statusOf("stubborn-0.default", true))
    .toMatchObject({
      genericXdsConfigs: [{ configStatus: "ERROR", errorState: { details: "I do not want this" } }],
    });
});

test("takes a proxy that has not answered for stale", async () => {
  const { plaintextPort } = debugged().controlPlane;
  const stream = openDelta(`127.0.0.1:${plaintextPort}`);
  const node = {
    id: "sidecar~127.0.0.1~silent-0.default~default.svc.cluster.local",
    metadata: { NAME: "silent-0", NAMESPACE: "default" },
  };
  stream.send({ node, typeUrl: TYPE_URL.cluster });
  await stream.next();
  expect(await statusOf("silent-0.default", true)).toMatchObject({
    genericXdsConfigs: [{ configStatus: "STALE" }],
  });
});

test("refuses matchers that it does not know", async () => {
  const request = { nodeMatchers: [{ nodeMetadatas: [{ path: [{ key: "NAMESPACE" }] }] }] };
  await joinAs(debugged(), "payments-2");
  await expect(fetchStatus(request)).rejects.toMatchObject({
    code: grpc.status.INVALID_ARGUMENT,
  });
});
