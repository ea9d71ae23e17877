/** Where an authority stands, for people: written by the control plane that runs, read by `fairlead ca status`. */

import { join } from "node:path";
import Type from "typebox";
import Value from "typebox/value";
import { parseJson } from "../../base/parse-json.js";
import { certificatesOfPem, fingerprintOfPem } from "../certificate/pem.js";
import { readCertificate } from "../certificate/x509.js";
import { readPrivateFile, writePrivateFile } from "../private-file.js";
import type { AuthorityStatus } from "./authority.js";
import type { Readiness, TrustedRoot } from "./rotation.js";
import { authorityDirectory } from "./slot-source.js";

const ROOT = Type.Object({
  subject: Type.String(),
  /** SHA-256 of the certificate, in hexadecimal digits. */
  fingerprint: Type.String(),
  role: Type.Enum(["signs", "next", "retired"]),
  /** Milliseconds since 1970, as all times here. */
  notAfter: Type.Number(),
  trustedSince: Type.Number(),
  /** Of a retired root. */
  trustedUntil: Type.Optional(Type.Number()),
});

const STATUS = Type.Object({
  version: Type.Literal(1),
  roots: Type.Array(ROOT),
  /** What signs, where that is no root. */
  signing: Type.Optional(Type.Object({ subject: Type.String(), notAfter: Type.Number() })),
  /** While a next root is prepared: who trusts it. */
  proxies: Type.Optional(
    Type.Object({
      trusting: Type.Integer(),
      waiting: Type.Array(Type.String()),
      unseen: Type.Integer(),
      /** Until when agents are waited for that keep their keys. */
      agentsUntil: Type.Optional(Type.Number()),
    }),
  ),
});

/** See the top of this file. */
export type RotationStatus = Type.Static<typeof STATUS>;

/** The status of an authority; `readiness` is asked only while a next root is prepared. */
export function rotationStatus(
  authority: AuthorityStatus,
  readiness: () => Readiness,
): RotationStatus {
  const roots = authority.trusted.map((root) => describeRoot(root, authority));
  const { subject, isRoot, notAfter } = authority.signing;
  const common = {
    version: 1 as const,
    roots,
    ...(isRoot ? {} : { signing: { subject, notAfter } }),
  };
  if (authority.next.length === 0) return common;
  const { trusting, unseen, waiting } = readiness();
  const { certifiedUntil } = authority;
  const agents = certifiedUntil === 0 ? {} : { agentsUntil: certifiedUntil };
  return { ...common, proxies: { trusting, unseen, waiting: [...waiting], ...agents } };
}

function describeRoot(
  { pem, since, until }: TrustedRoot,
  { current, next }: AuthorityStatus,
): RotationStatus["roots"][number] {
  const [der = Buffer.alloc(0)] = certificatesOfPem(pem);
  const { subject, notAfter } = readCertificate(der);
  return {
    subject,
    fingerprint: fingerprintOfPem(pem),
    role: current.includes(pem) ? "signs" : next.includes(pem) ? "next" : "retired",
    notAfter,
    trustedSince: since,
    ...(until === undefined ? {} : { trustedUntil: until }),
  };
}

const fileOf = (stateDirectory: string): string =>
  join(authorityDirectory(stateDirectory), "status.json");

/**
 * Writes the status.
 * @throws StateFileError
 */
export function saveStatus(stateDirectory: string, status: RotationStatus): Promise<void> {
  return writePrivateFile(fileOf(stateDirectory), `${JSON.stringify(status, undefined, 2)}\n`);
}

/**
 * Reads the status; undefined when no control plane has written one.
 * @throws StateFileError
 */
export async function loadStatus(stateDirectory: string): Promise<RotationStatus | undefined> {
  const content = await readPrivateFile(fileOf(stateDirectory));
  if (content === undefined) return undefined;
  const stored = parseJson(content.toString("utf8"));
  return Value.Check(STATUS, stored) ? stored : undefined;
}
