/** Istio's certificate service, by which agents get certificates of keys that never leave their machines. */
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { ServiceDefinition } from "@grpc/grpc-js";
import type { Authority } from "../../ca/authority/authority.js";
import { createBuckets } from "../../ca/buckets.js";
import type { Authenticate } from "../../ca/caller/authenticate.js";
import { addCertificateService, CERTIFICATE_SERVICE } from "../../ca/issue/certificate-service.js";
import { formatSpiffeId } from "../../ca/spiffe-id.js";
import { serviceDefinition } from "../../debug/grpc-service.js";
import type { GrpcServer } from "../../grpc/server.js";
import { logError } from "../log/log-error.js";
import { readOwnDescriptors } from "../package-files.js";
import type { CertificateEvent, OnRefused } from "./certificate-events.js";
import { CERTIFICATE_REQUESTS } from "./certificate-requests.js";
import type { IdentityOptions } from "./identity-options.js";

/** What the service needs of the rest, and who is told of what it does. */
export interface ServeCertificatesOptions extends Pick<IdentityOptions, "clock" | "logger"> {
  /** The service, as `readCertificateService` reads it. */
  readonly definition: ServiceDefinition;
  readonly authority: Authority;
  readonly authenticate: Authenticate;
  readonly onRefused: OnRefused;
  /** Told what became of each request that was not refused. */
  readonly tell: (event: CertificateEvent) => void;
}

/** The definition of the service, of the descriptors that this package brings. */
export async function readCertificateService(): Promise<ServiceDefinition> {
  const descriptors = fromBinary(FileDescriptorSetSchema, await readOwnDescriptors());
  return serviceDefinition(createFileRegistry(descriptors), CERTIFICATE_SERVICE);
}

/** Adds the service to a server, which has to have TLS: keys are certified for whoever proves who it is. */
export function serveCertificates(
  server: GrpcServer,
  { definition, authority, authenticate, onRefused, tell, clock, logger }: ServeCertificatesOptions,
): void {
  addCertificateService(server, definition, {
    authority,
    authenticate,
    requests: createBuckets({ now: clock.now, ...CERTIFICATE_REQUESTS }),
    onRefused,
    onCertified: (proof, notAfter) => {
      tell("certified");
      const { method, evidence } = proof;
      const until = new Date(notAfter).toISOString();
      logger.info(
        { identity: formatSpiffeId(proof), method, evidence, until },
        "certified a workload's key",
      );
    },
    onError: (error) => {
      tell("failed");
      logError(logger, "cannot certify a workload's key")(error);
    },
  });
}
