/** What everyone may ask a control plane: whether it serves, and what. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
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

/** What is looked at of a ServerReflectionResponse. */
interface ReflectionResponse {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
}

const REFLECTION = "grpc.reflection.v1.ServerReflection";
const PROTO = join(
  dirname(createRequire(import.meta.url).resolve("@grpc/reflection")),
  "../proto/grpc/reflection/v1/reflection.proto",
);
const { ServerReflectionInfo: method } = loadSync(PROTO)[REFLECTION] as ServiceDefinition;

/** The answer to one request of a stream of its own. */
function reflect(client: grpc.Client, request: object): Promise<ReflectionResponse> {
  return new Promise((resolve, reject) => {
    const call = client.makeBidiStreamRequest<object, ReflectionResponse>(
      `/${REFLECTION}/ServerReflectionInfo`,
      (message) => method?.requestSerialize(message) ?? Buffer.alloc(0),
      (bytes) => method?.responseDeserialize(bytes) ?? {},
    );
    call.once("data", resolve);
    call.once("error", reject);
    call.end(request);
  });
}

/** The file that a request is about: the first one of the answer. */
async function askFile(client: grpc.Client, request: object): Promise<FileDescriptorProto> {
  const { fileDescriptorResponse } = await reflect(client, request);
  const [bytes] = fileDescriptorResponse?.fileDescriptorProto ?? [];
  if (bytes === undefined) throw new Error(`there is no file of ${JSON.stringify(request)}`);
  return fromBinary(FileDescriptorProtoSchema, bytes);
}

/** A file behind all that it imports, each asked for by its name. */
async function withImports(
  client: grpc.Client,
  file: FileDescriptorProto,
): Promise<readonly FileDescriptorProto[]> {
  const imported = await Promise.all(
    file.dependency.map(async (fileByFilename) =>
      withImports(client, await askFile(client, { fileByFilename })),
    ),
  );
  return [...imported.flat(), file];
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

test("tells by reflection which services it has", async () => {
  const { listServicesResponse } = await reflect(connect(), { listServices: "" });
  const names = listServicesResponse?.service.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(["fairlead.debug.v1.DebugService", "grpc.health.v1.Health"]),
  );
});

test.each([
  ["fairlead.debug.v1.DebugService", "GetControlPlane"],
  ["grpc.health.v1.Health", "Check"],
])("tells by reflection all that a caller of %s has to know", async (service, oneMethod) => {
  const client = connect();
  const file = await askFile(client, { fileContainingSymbol: service });
  const files = await withImports(client, file);
  // Throws when a file uses a type of one that it does not import.
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }));
  const methods = registry.getService(service)?.methods.map(({ name }) => name);
  expect(methods).toContain(oneMethod);
});

test("tells by the older version of reflection too", async () => {
  const client = connect();
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
    const call = client.makeBidiStreamRequest(path, pass, pass);
    call.once("data", resolve);
    call.once("error", reject);
    // ServerReflectionRequest.list_services = "*"
    call.end(Buffer.from([0x3a, 1, 0x2a]));
  });
  expect(answer.toString("latin1")).toContain("fairlead.debug.v1.DebugService");
});
