/** How often workloads may ask for certificates. */
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { readOwnDescriptors } from "../../../src/app/package-files.js";
import { openAuthority } from "../../../src/ca/authority/authority.js";
import { createBuckets } from "../../../src/ca/buckets.js";
import { proved } from "../../../src/ca/caller/proof.js";
import {
  addCertificateService,
  CERTIFICATE_SERVICE,
} from "../../../src/ca/issue/certificate-service.js";
import { serviceDefinition } from "../../../src/debug/grpc-service.js";
import { GrpcServer } from "../../../src/grpc/server.js";
import { SERVER_LIMITS } from "../../../src/xds/limits.js";
import { makeRequest } from "../../unit/ca/make-request.js";
import { temporaryDirectory } from "../../unit/ca/temporary-directory.js";
import { createCertificate } from "../app/certificate-client.js";

test("a workload that asks on and on is turned away after a while, and others are served", async () => {
  const authority = await openAuthority({
    stateDirectory: await temporaryDirectory(),
    now: Date.now,
  });
  const server = new GrpcServer(SERVER_LIMITS);
  onTestFinished(() => server.close());
  const api = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readOwnDescriptors()));
  const refused: string[] = [];
  addCertificateService(server, serviceDefinition(api, CERTIFICATE_SERVICE), {
    authority,
    // Whoever calls is the service account that its token names.
    authenticate: ({ authorization: [header = ""] }) => {
      const serviceAccount = header.replace("Bearer ", "");
      const identity = { trustDomain: authority.trustDomain, namespace: "default", serviceAccount };
      const expiresAt = Date.now() + 60_000;
      const proof = proved({ ...identity, method: "token", expiresAt, evidence: "test" });
      return Promise.resolve({ kind: "proved", proof });
    },
    requests: createBuckets({ now: () => 0, capacity: 3, refillPerSecond: 1, maxKeys: 10 }),
    onCertified: () => undefined,
    onRefused: (reason) => refused.push(reason),
    onError: (error) => {
      throw error;
    },
  });
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  const { pem } = await makeRequest();
  const ask = (token: string): Promise<readonly string[]> =>
    createCertificate({ port, token }, pem);
  for (let i = 0; i < 3; i++) await ask("greedy");
  await expect(ask("greedy")).rejects.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details:
      "spiffe://cluster.local/ns/default/sa/greedy asks for too many certificates; try again later",
  });
  expect(refused).toEqual(["too-many-requests"]);
  expect(await ask("modest")).toHaveLength(2);
});
