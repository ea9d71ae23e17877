/** The services that every caller may ask: whether the server serves, and what its own services look like. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import type { EnumTypeDefinition } from "@grpc/proto-loader";
import { lazy } from "../base/lazy.js";
import { addService } from "../grpc/hosted-service.js";
import type { GrpcServer, Method } from "../grpc/server.js";
import { status } from "../grpc/status-code.js";

/**
 * The files of a serialized FileDescriptorSet in the form from which reflection reads them; of a definition it looks at nothing
 * else. proto-loader would write the files anew from their types, and forget what they import.
 */
function filesOf(descriptors: Uint8Array): EnumTypeDefinition {
  const { file: files } = fromBinary(FileDescriptorSetSchema, descriptors);
  return {
    format: "Protocol Buffer 3 EnumDescriptorProto",
    type: {},
    fileDescriptorProtos: files.map((one) => Buffer.from(toBinary(FileDescriptorProtoSchema, one))),
  };
}

/** A server as packages of grpc-js know it. */
const hostOf = (server: Pick<GrpcServer, "addMethod">): Pick<Server, "addService"> => ({
  addService: (definition, handlers) => {
    addService(server, definition, handlers);
  },
});

/** The methods of reflection, in its two versions. */
const REFLECTION_PATHS = ["v1", "v1alpha"].map(
  (version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
);

const HEALTH_PATHS = ["Check", "Watch"].map((name) => `/grpc.health.v1.Health/${name}`);

type Methods = ReadonlyMap<string, Method>;

/** The methods that a package adds to a server. */
function methodsOf(add: (host: Pick<Server, "addService">) => void): Methods {
  const methods = new Map<string, Method>();
  add(hostOf({ addMethod: (path, method) => methods.set(path, method) }));
  return methods;
}

async function loadReflection(api: Uint8Array): Promise<Methods> {
  const { ReflectionService } = await import("@grpc/reflection");
  const service = new ReflectionService({ api: filesOf(api) });
  return methodsOf((host) => {
    service.addToServer(host);
  });
}

async function loadHealth(): Promise<Methods> {
  const { HealthImplementation } = await import("grpc-health-check");
  const service = new HealthImplementation({ "": "SERVING" });
  return methodsOf((host) => {
    service.addToServer(host);
  });
}

/** A method that is there only when it is called. */
const loadedMethod =
  (path: string, load: () => Promise<Methods>): Method =>
  (call) => {
    const fail = (): void => {
      call.end({ code: status.INTERNAL, details: `${path} cannot be read` });
    };
    load().then((methods) => {
      (methods.get(path) ?? fail)(call);
    }, fail);
  };

/**
 * What adds both to a server. Reflection tells of what is in `api`, a serialized FileDescriptorSet: fairlead's own API, and
 * health. It does not tell of Envoy's: to read that takes a second, and who calls its services has its descriptors.
 *
 * The packages are read when somebody asks: to read them takes a seventh of a second of a start, and hardly anybody ever does.
 */
export function createOpenServices(api: Uint8Array): (server: GrpcServer) => void {
  const health = lazy(loadHealth);
  const reflection = lazy(() => loadReflection(api));
  return (server) => {
    for (const path of HEALTH_PATHS) {
      server.addMethod(
        path,
        loadedMethod(path, () => health.get()),
      );
    }
    for (const path of REFLECTION_PATHS) {
      server.addMethod(
        path,
        loadedMethod(path, () => reflection.get()),
      );
    }
  };
}
