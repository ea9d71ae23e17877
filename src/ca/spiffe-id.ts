import { byKey } from "../base/text/compare-text.js";
import { CertificateError } from "./ca-error.js";

/** Who a workload is: its service account in its namespace, in a trust domain. */
export interface WorkloadIdentity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** The labels that its node may claim, and no others; any when absent. They are no part of its SPIFFE ID. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * What its certificate tells of the workload, as the subject's description: words for telemetry, by which nobody is known.
   * Nothing when absent. See X.520, section 6.9.2.
   */
  readonly description?: string;
}

/** See SPIFFE-ID, section 2.1: lower-case letters, digits, dots, dashes and underscores. */
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
/** See SPIFFE-ID, section 2.2. `.` and `..` are no segments. */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,253}$/;
const WORKLOAD = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/;

/** `spiffe://cluster.local/ns/default/sa/payments`. See SPIFFE-ID, section 2, and Istio's pkg/spiffe. */
export function formatSpiffeId(identity: WorkloadIdentity): string {
  const { trustDomain, namespace, serviceAccount } = identity;
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

/** Different for identities that differ in anything, labels and description too. */
export function identityKey(identity: WorkloadIdentity): string {
  const { labels, description } = identity;
  const sorted = labels && Object.entries(labels).sort(byKey);
  const others = [sorted, description].filter((one) => one !== undefined);
  return [formatSpiffeId(identity), ...others.map((one) => JSON.stringify(one))].join(" ");
}

/** The identity that a SPIFFE ID of Istio's form names; undefined for any other text. */
export function parseSpiffeId(text: string): WorkloadIdentity | undefined {
  const match = WORKLOAD.exec(text);
  if (match === null) return undefined;
  const [, trustDomain = "", namespace = "", serviceAccount = ""] = match;
  const identity = { trustDomain, namespace, serviceAccount };
  return invalidPart(identity) === undefined ? identity : undefined;
}

/**
 * Refuses an identity that has no SPIFFE ID.
 * @throws CertificateError `certificate-name`
 */
export function assertIdentity(identity: WorkloadIdentity): void {
  const invalid = invalidPart(identity);
  if (invalid === undefined) return;
  throw new CertificateError(
    "certificate-name",
    `${invalid} cannot stand in a SPIFFE ID: letters, digits, dots, dashes and underscores can`,
  );
}

/** Whether text can be the trust domain of a SPIFFE ID. */
export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text);
}

function invalidPart(identity: WorkloadIdentity): string | undefined {
  const { trustDomain, namespace, serviceAccount } = identity;
  if (!TRUST_DOMAIN.test(trustDomain)) return `trust domain ${JSON.stringify(trustDomain)}`;
  if (!SEGMENT.test(namespace)) return `namespace ${JSON.stringify(namespace)}`;
  if (!SEGMENT.test(serviceAccount)) return `service account ${JSON.stringify(serviceAccount)}`;
  return undefined;
}
