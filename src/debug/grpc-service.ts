/** Services of gRPC from their descriptors, with messages as canonical protobuf JSON on both sides. */
import {
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  fromJson,
  type JsonValue,
  type Registry,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";

/** The registry lacks a service that is to be served or called: a fault of the build. */
class MissingServiceError extends Error {
  readonly code = "missing-service";
  constructor(typeName: string) {
    super(`the registry has no service ${typeName}`);
    this.name = "MissingServiceError";
  }
}

/** Both ways between a message's JSON and its bytes. */
function codec(
  schema: DescMessage,
  registry: Registry,
): { readonly write: (json: object) => Buffer; readonly read: (bytes: Buffer) => object } {
  return {
    write: (json) =>
      Buffer.from(toBinary(schema, fromJson(schema, json as JsonValue, { registry }))),
    read: (bytes) => toJson(schema, fromBinary(schema, bytes), { registry }) as object,
  };
}

function methodOf(
  service: DescService,
  method: DescMethod,
  registry: Registry,
): MethodDefinition<object, object> {
  const request = codec(method.input, registry);
  const response = codec(method.output, registry);
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream:
      method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream:
      method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: request.write,
    requestDeserialize: request.read,
    responseSerialize: response.write,
    responseDeserialize: response.read,
  };
}

/**
 * The definition of a service, by the names of its methods.
 * @throws MissingServiceError
 */
export function serviceDefinition(registry: Registry, typeName: string): ServiceDefinition {
  const service = registry.getService(typeName);
  if (service === undefined) throw new MissingServiceError(typeName);
  const methods = service.methods.map(
    (method) => [method.name, methodOf(service, method, registry)] as const,
  );
  return Object.fromEntries(methods);
}
