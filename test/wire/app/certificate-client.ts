/** A client of Istio's certificate service, which sends what Istio's agent sends. */
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
} from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { readOwnDescriptors } from "../../../src/app/package-files.js";
import { CERTIFICATE_SERVICE } from "../../../src/ca/issue/certificate-service.js";
import { serviceDefinition } from "../../../src/debug/grpc-service.js";
import { CHANNEL_OPTIONS } from "./channel-options.js";

const API = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readOwnDescriptors()));
const SERVICE = serviceDefinition(API, CERTIFICATE_SERVICE);
const DAY_S = 86_400;

/** Whom a client asks, and what it shows. */
export interface CertificateClientOptions {
  readonly port: number;
  /** PEM of the server's roots; plaintext without. */
  readonly roots?: string;
  readonly token?: string;
  /** PEM of a certificate and its key. */
  readonly certificate?: { readonly chain: string; readonly key: string };
}

type CreateCertificate = (
  request: object,
  metadata: Metadata,
  answer: (error: ServiceError | null, response?: { readonly certChain?: string[] }) => void,
) => void;

function channelOf({
  roots,
  certificate,
}: CertificateClientOptions): ReturnType<typeof credentials.createSsl> {
  if (roots === undefined) return credentials.createInsecure();
  const [key, chain] = [certificate?.key, certificate?.chain].map((pem) =>
    pem === undefined ? null : Buffer.from(pem),
  );
  return credentials.createSsl(Buffer.from(roots), key, chain);
}

/** Has a request signed; rejects with how the server refused it. */
export function createCertificate(
  options: CertificateClientOptions,
  csr: string,
  validityDuration = DAY_S,
): Promise<readonly string[]> {
  const Client = makeGenericClientConstructor(SERVICE, "Certificates");
  const stub = new Client(`127.0.0.1:${options.port}`, channelOf(options), CHANNEL_OPTIONS);
  onTestFinished(() => {
    stub.close();
  });
  const metadata = new Metadata();
  metadata.set("clusterid", "Kubernetes");
  if (options.token !== undefined) metadata.set("authorization", `Bearer ${options.token}`);
  const request = { csr, validityDuration: String(validityDuration), metadata: { CertSigner: "" } };
  const call = stub["CreateCertificate"] as unknown as CreateCertificate;
  return new Promise((resolve, reject) => {
    call.call(stub, request, metadata, (error, response) => {
      if (error === null) resolve(response?.certChain ?? []);
      else reject(error);
    });
  });
}
