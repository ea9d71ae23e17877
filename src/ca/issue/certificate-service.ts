/** Istio's certificate service: agents that keep their key have it certified. See Istio, security/v1alpha1/ca.proto. */
import type { ServiceDefinition } from "@grpc/grpc-js";
import { CallRefused } from "../../grpc/call-refused.js";
import { addService, type HandleUnary, type UnaryCall } from "../../grpc/hosted-service.js";
import type { GrpcServer } from "../../grpc/server.js";
import type { Status } from "../../grpc/status.js";
import { status } from "../../grpc/status-code.js";
import type { Authority } from "../authority/authority.js";
import type { Buckets } from "../buckets.js";
import { CertificateError } from "../ca-error.js";
import type { Authenticate } from "../caller/authenticate.js";
import { presentedBy } from "../caller/presented-by.js";
import type { Proof } from "../caller/proof.js";
import { keyOfRequest } from "../certificate/certificate-request.js";
import { formatSpiffeId } from "../spiffe-id.js";

/** The message IstioCertificateRequest as canonical JSON, as far as it is read. */
interface CertificateRequest {
  readonly csr?: string;
  /** Seconds, as text; absent when the agent does not say. */
  readonly validityDuration?: string;
}

/** The message IstioCertificateResponse as canonical JSON. */
interface CertificateResponse {
  readonly certChain: readonly string[];
}

type CreateCertificate = UnaryCall<CertificateRequest>;

/** What the service is made with. */
export interface CertificateServiceOptions {
  readonly authenticate: Authenticate;
  readonly authority: Pick<Authority, "certifyWorkload" | "workloadTtlMs">;
  /** How many requests a workload may make, by its SPIFFE ID: each costs a signature and a line in the log. */
  readonly requests: Buckets;
  /** Told of a certificate that was given out. */
  readonly onCertified: (proof: Proof, notAfter: number) => void;
  /** Told of a call that was refused, with what is never a secret. */
  readonly onRefused: (reason: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Told of a fault of ours. */
  readonly onError: (error: unknown) => void;
}

/** The reason of a refusal, when it is that the request is none. */
export const UNREADABLE_REQUEST = "certificate-request";

/** The reason of a refusal, when the caller has asked too often. */
export const TOO_MANY_REQUESTS = "too-many-requests";

/** The name of the service. */
export const CERTIFICATE_SERVICE = "istio.v1.auth.IstioCertificateService";

/**
 * Adds the service to a gRPC server with TLS, by its definition with messages as canonical JSON. The certificate is for whom the caller proved to be, whatever the request
 * says.
 */
export function addCertificateService(
  server: GrpcServer,
  definition: ServiceDefinition,
  options: CertificateServiceOptions,
): void {
  const createCertificate: HandleUnary<CertificateRequest, CertificateResponse> = (
    call,
    answer,
  ) => {
    certify(call, options).then(
      (response) => {
        answer(null, response);
      },
      (error: unknown) => {
        answer(refusalOf(error, call, options));
      },
    );
  };
  addService(server, definition, { CreateCertificate: createCertificate });
}

async function certify(
  call: CreateCertificate,
  options: CertificateServiceOptions,
): Promise<CertificateResponse> {
  const { authority } = options;
  const proof = await proofOf(call, options);
  assertSparing(proof, call, options);
  const { csr = "", validityDuration = "0" } = call.request;
  const askedMs = Number(validityDuration) * 1000;
  const ttlMs = askedMs > 0 ? askedMs : authority.workloadTtlMs;
  const key = await keyOfRequest(csr);
  const { certificates, roots, notAfter } = await authority.certifyWorkload(proof, key, ttlMs);
  options.onCertified(proof, notAfter);
  // The agent takes the last element for what it has to trust, so all roots are in that one.
  return { certChain: [...certificates, roots.join("")] };
}

/** Replicas have one identity, and may all start at once. */
function assertSparing(
  proof: Proof,
  { caller }: CreateCertificate,
  { requests, onRefused }: CertificateServiceOptions,
): void {
  const identity = formatSpiffeId(proof);
  if (!requests.has(identity)) {
    onRefused(TOO_MANY_REQUESTS, { identity, peer: caller.name });
    throw new CallRefused(
      status.RESOURCE_EXHAUSTED,
      `${identity} asks for too many certificates; try again later`,
    );
  }
  requests.take(identity);
}

async function proofOf(
  call: CreateCertificate,
  { authenticate, onRefused }: CertificateServiceOptions,
): Promise<Proof> {
  const { caller } = call;
  const result = await authenticate(presentedBy(caller));
  if (result.kind === "proved") return result.proof;
  if (result.kind === "anonymous") {
    throw new CallRefused(status.UNAUTHENTICATED, "certificates are given over TLS alone");
  }
  const { code, message, reason, detail } = result.refusal;
  onRefused(reason, { detail, peer: caller.name });
  throw new CallRefused(code, message);
}

/** What the caller is told: of a fault of ours only that there is one. */
function refusalOf(
  error: unknown,
  call: CreateCertificate,
  { onRefused, onError }: CertificateServiceOptions,
): Status {
  if (error instanceof CallRefused) return { code: error.code, details: error.message };
  if (error instanceof CertificateError && error.code === UNREADABLE_REQUEST) {
    onRefused(error.code, { detail: error.message, peer: call.caller.name });
    return { code: status.INVALID_ARGUMENT, details: error.message };
  }
  onError(error);
  return { code: status.INTERNAL, details: "the certificate could not be issued" };
}
