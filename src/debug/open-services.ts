/** The services that every caller may ask: whether the server serves, and what its own services look like. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import type { EnumTypeDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import { addService } from "../grpc/hosted-service.js";
import type { GrpcServer } from "../grpc/server.js";

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

/**
 * What adds both to a server. Reflection tells of what is in `api`, a serialized FileDescriptorSet: fairlead's own API, and
 * health. It does not tell of Envoy's: to read that takes a second, and who calls its services has its descriptors.
 */
export function createOpenServices(api: Uint8Array): (server: GrpcServer) => void {
  const reflection = new ReflectionService({ api: filesOf(api) });
  const health = new HealthImplementation({ "": "SERVING" });
  return (server) => {
    const host: Pick<Server, "addService"> = {
      addService: (definition, handlers) => {
        addService(server, definition, handlers);
      },
    };
    reflection.addToServer(host);
    health.addToServer(host);
  };
}
