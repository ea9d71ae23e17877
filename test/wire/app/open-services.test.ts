/** What everyone may ask a control plane: whether it serves, and what. */
import * as grpc from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { shareDebugged } from "./debugged.js";

const debugged = shareDebugged();

const pass = (bytes: Buffer): Buffer => bytes;

function connect(): grpc.Client {
  const { plaintextPort } = debugged().controlPlane;
  const client = new grpc.Client(`127.0.0.1:${plaintextPort}`, grpc.credentials.createInsecure());
  onTestFinished(() => {
    client.close();
  });
  return client;
}

test("says that it serves", async () => {
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const path = "/grpc.health.v1.Health/Check";
    connect().makeUnaryRequest(path, pass, pass, Buffer.alloc(0), (error, response) => {
      if (response !== undefined) resolve(response);
      else reject(error ?? new Error("no response"));
    });
  });
  // HealthCheckResponse.status = SERVING
  expect([...answer]).toEqual([8, 1]);
});

test("tells by reflection what its own API is", async () => {
  const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  const call = connect().makeBidiStreamRequest(path, pass, pass);
  const answer = await new Promise<Buffer>((resolve, reject) => {
    call.once("data", resolve);
    call.once("error", reject);
    // ServerReflectionRequest.list_services = ""
    call.write(Buffer.from([0x3a, 0]));
  });
  call.on("error", () => undefined);
  call.cancel();
  expect(answer.toString("latin1")).toContain("fairlead.debug.v1.DebugService");
});
