/** The services that every caller may ask: whether the server serves, and what its own services look like. */
import type { Server } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";

/**
 * What adds both to a server. Reflection tells of fairlead's own API, `api`, a serialized FileDescriptorSet. It does not tell of
 * Envoy's: to read that takes a second, and who calls its services has its descriptors.
 */
export function createOpenServices(api: Uint8Array): (server: Server) => void {
  const reflection = new ReflectionService(loadFileDescriptorSetFromBuffer(Buffer.from(api)));
  const health = new HealthImplementation({ "": "SERVING" });
  return (server) => {
    reflection.addToServer(server);
    health.addToServer(server);
  };
}
