/** The other side of the certificate service: an agent has its key certified. See `src/ca/issue/certificate-service.ts`. */
import type { ServiceDefinition } from "@grpc/grpc-js";
import { CallRefused } from "../../grpc/call-refused.js";
import { type ClientTls, GrpcClient } from "../../grpc/client.js";
import { status } from "../../grpc/status-code.js";
import type { Redacted } from "../redacted.js";

/** Where a certificate service is. */
export interface CertificateServer {
  readonly host: string;
  readonly port: number;
  /** The DNS name, or IP address, that must be in its certificate. */
  readonly subjectAltName: string;
  /** PEM of the roots that its certificate may be of. */
  readonly roots: string;
}

/** By what a caller proves who it is. */
export type CallerProof =
  | { readonly token: Redacted<string> }
  /** PEM. */
  | { readonly chain: string; readonly privateKey: Redacted<string> };

/** PEM, as the service answers: the certificate, and those between it and the roots; and the roots in one text. */
export interface CertifiedAnswer {
  readonly chain: string;
  readonly roots: string;
}

const DEADLINE_MS = 10_000;
/** A chain of eight and a dozen roots, of RSA keys, take a tenth of it. */
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Asks a certificate service, by its definition with messages as canonical JSON, to certify the key of a request in PEM. What it
 * answers is not looked at.
 * @throws CallRefused when there is no answer, or it is no
 */
export async function requestCertificate(
  definition: ServiceDefinition,
  server: CertificateServer,
  proof: CallerProof,
  csr: string,
): Promise<CertifiedAnswer> {
  const method = definition["CreateCertificate"];
  if (method === undefined) throw new TypeError("the definition has no method CreateCertificate");
  const { host, port } = server;
  const client = new GrpcClient({ host, port, tls: tlsOf(server, proof) }, MAX_ANSWER_BYTES);
  try {
    const bytes = await answerOf(client, proof, {
      path: method.path,
      message: method.requestSerialize({ csr }),
    });
    const { certChain = [] } = method.responseDeserialize(bytes) as {
      readonly certChain?: readonly string[];
    };
    return { chain: certChain.slice(0, -1).join(""), roots: certChain.at(-1) ?? "" };
  } finally {
    client.close();
  }
}

function tlsOf({ roots, subjectAltName }: CertificateServer, proof: CallerProof): ClientTls {
  return {
    ca: roots,
    authority: subjectAltName,
    ...("token" in proof ? {} : { cert: proof.chain, key: proof.privateKey.reveal() }),
  };
}

function answerOf(
  client: GrpcClient,
  proof: CallerProof,
  { path, message }: { readonly path: string; readonly message: Buffer },
): Promise<Buffer> {
  const terms = {
    deadlineMs: DEADLINE_MS,
    ...("token" in proof ? { authorization: `Bearer ${proof.token.reveal()}` } : {}),
  };
  return new Promise((resolve, reject) => {
    let answer: Buffer | undefined;
    const call = client.begin(path, terms, {
      onMessage: (bytes) => {
        answer = Buffer.from(bytes);
      },
      onEnd: (refusal) => {
        if (refusal !== undefined) reject(refusal);
        else if (answer === undefined) {
          reject(new CallRefused(status.INTERNAL, "it answers without a message"));
        } else resolve(answer);
      },
    });
    call.write(message);
    call.halfClose();
  });
}
