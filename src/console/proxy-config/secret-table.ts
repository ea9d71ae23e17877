/** `proxy-config secret`. */
import { X509Certificate } from "node:crypto";
import type { SecretJson } from "../../envoy/api.js";
import type { SecretsConfigDump_DynamicSecretJson, SecretsConfigDumpJson } from "../api.js";
import { textOfDataSource } from "./data-source.js";

/** The table of secrets at a moment (milliseconds since 1970), as rows of cells; the first is the heading. */
export function secretTable(
  { dynamicWarmingSecrets = [], dynamicActiveSecrets = [] }: SecretsConfigDumpJson,
  now: number,
): readonly (readonly string[])[] {
  const rows = [
    ...dynamicWarmingSecrets.map((secret) => secretRow(secret, "WARMING", now)),
    ...dynamicActiveSecrets.map((secret) =>
      secretRow(secret, secret.versionInfo === "uninitialized" ? "UNINITIALIZED" : "ACTIVE", now),
    ),
  ];
  return [
    ["RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE"],
    ...rows,
  ];
}

function secretRow(
  { name = "", secret }: SecretsConfigDump_DynamicSecretJson,
  status: string,
  now: number,
): readonly string[] {
  const held = secret as SecretJson | undefined;
  if (held?.genericSecret !== undefined) return [name, "Generic", status, "-", "", "", ""];
  const certificate = certificateOf(held);
  if (certificate === undefined) return [name, "", status, "false", "", "", ""];
  const { ca, validFrom, validTo, serialNumber } = certificate;
  const valid = Date.parse(validFrom) <= now && now < Date.parse(validTo);
  return [
    name,
    ca ? "CA" : "Cert Chain",
    status,
    String(valid),
    serialNumber.toLowerCase().padStart(SERIAL_DIGITS, "0"),
    formatTime(validTo),
    formatTime(validFrom),
  ];
}

const SERIAL_DIGITS = 32;

/** RFC 3339, in whole seconds. */
const formatTime = (text: string): string => `${new Date(text).toISOString().slice(0, 19)}Z`;

/** The certificate that a secret is about: the first of its own chain, or of those that it trusts. */
function certificateOf(secret: SecretJson | undefined): X509Certificate | undefined {
  const source = secret?.tlsCertificate?.certificateChain ?? secret?.validationContext?.trustedCa;
  try {
    return new X509Certificate(textOfDataSource(source));
  } catch {
    return undefined;
  }
}
