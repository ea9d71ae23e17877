/** What agents send to have a key of their own certified (CSR). Only the key is taken from it: who it is for was proved. */
import type { webcrypto } from "node:crypto";
import { CertificateError } from "../ca-error.js";
import type { KeyType } from "./certificate-template.js";
import { requestsOfPem } from "./pem.js";
import { importPublicKey, readRequest } from "./x509.js";

/** A key that its owner has and nobody else. */
export interface CertifiableKey {
  readonly type: KeyType;
  readonly publicKey: webcrypto.CryptoKey;
}

/** Ten times what the largest key needs. */
const MAX_LENGTH = 16 * 1024;

/**
 * The key of a certificate request in PEM. Names that it asks for are not looked at.
 * @throws CertificateError `certificate-request` for what is no request, for a weak or unusual key, one that the sender
 *   does not have, and for a request to be an authority
 */
export async function keyOfRequest(text: string): Promise<CertifiableKey> {
  if (text.length > MAX_LENGTH) refuse(`a request has at most ${MAX_LENGTH} characters`);
  const [der, ...rest] = requestsOfPem(text);
  if (der === undefined || rest.length > 0) refuse("this is not one CERTIFICATE REQUEST in PEM");
  const request = readRequest(der);
  if (request.wantsAuthority) {
    refuse("it asks for a certificate that may sign others (CA:TRUE), which no workload is given");
  }
  const imported = await importPublicKey(request.publicKey);
  if (imported === undefined) {
    refuse("its key is of none of the types P-256, P-384 and RSA of 2048, 3072 or 4096 bits");
  }
  if (!(await request.isSigned())) refuse("it is not signed by its own key");
  return { type: imported.type, publicKey: imported.key };
}

function refuse(message: string): never {
  throw new CertificateError("certificate-request", `certificate request: ${message}`);
}
