/** Certificate requests as agents send them, and as attackers do. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { privateKeyPem } from "../../../src/ca/certificate/x509.js";

/** Of what a request is made. */
export interface RequestOptions {
  readonly key?: webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams;
  readonly uris?: readonly string[];
  readonly dns?: readonly string[];
  readonly authority?: boolean;
  readonly subject?: string;
}

/** An RSA key as Istio's agent makes it. */
export const AGENT_KEY = rsaKey(2048);

/** Parameters of an RSA key. */
export function rsaKey(modulusLength: number, exponent = 65_537): webcrypto.RsaHashedKeyGenParams {
  const publicExponent = new Uint8Array([exponent >> 16, (exponent >> 8) & 255, exponent & 255]);
  return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength, publicExponent };
}

/** A request in PEM, and the key that it is for: the public part as DER, the private one as PEM. */
export async function makeRequest(
  options: RequestOptions = {},
): Promise<{ readonly pem: string; readonly publicKey: Buffer; readonly privateKey: string }> {
  const { key = { name: "ECDSA", namedCurve: "P-256" }, uris = [], dns = [] } = options;
  const keys = await webcrypto.subtle.generateKey(key, true, ["sign", "verify"]);
  const names = [
    ...uris.map((value) => ({ type: "url" as const, value })),
    ...dns.map((value) => ({ type: "dns" as const, value })),
  ];
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: options.subject ?? "",
      keys,
      signingAlgorithm: { name: key.name, hash: "SHA-256" },
      extensions: [
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names, true)]),
        ...(options.authority === true
          ? [new x509.BasicConstraintsExtension(true, undefined, true)]
          : []),
      ],
    },
    webcrypto,
  );
  const publicKey = Buffer.from(await webcrypto.subtle.exportKey("spki", keys.publicKey));
  const privateKey = (await privateKeyPem(keys.privateKey)).reveal();
  return { pem: request.toString("pem"), publicKey, privateKey };
}
