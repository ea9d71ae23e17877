/** The roots that proxies trust in their peers. */
import { X509Certificate } from "node:crypto";
import { certificatesOfPem } from "../../ca/certificate/pem.js";
import type { SecretJson } from "../../envoy/api.js";
import { ROOT_SECRET } from "../../envoy/names.js";
import type { SecretsConfigDumpJson } from "../api.js";
import { DumpError } from "../dump-error.js";
import { textOfDataSource } from "./data-source.js";

/**
 * The certificates that both of two proxies trust in their peers, in the order of the first.
 * @throws DumpError when one of them trusts none
 */
export function commonRoots(
  first: SecretsConfigDumpJson,
  second: SecretsConfigDumpJson,
): readonly X509Certificate[] {
  const [firstRoots, secondRoots] = [first, second].map(rootsIn);
  const trusted = new Set(secondRoots?.map(({ fingerprint256 }) => fingerprint256));
  return firstRoots?.filter(({ fingerprint256 }) => trusted.has(fingerprint256)) ?? [];
}

/** A root in one line: whose it is, and how long it holds. */
export function describeRoot({ subject, validTo }: X509Certificate): string {
  const name = subject.split("\n").reverse().join(", ");
  return `${name}, until ${new Date(validTo).toISOString().slice(0, 10)}`;
}

function rootsIn({ dynamicActiveSecrets = [] }: SecretsConfigDumpJson): readonly X509Certificate[] {
  const held = dynamicActiveSecrets.find(({ name }) => name === ROOT_SECRET)?.secret;
  const pem = textOfDataSource((held as SecretJson | undefined)?.validationContext?.trustedCa);
  const roots = certificatesOfPem(pem);
  if (roots.length > 0) return roots.map((der) => new X509Certificate(der));
  throw new DumpError(
    `the proxy has no roots: its secret ${ROOT_SECRET} is not there`,
    "see `fairlead proxy-config secret` for those that it has",
  );
}
