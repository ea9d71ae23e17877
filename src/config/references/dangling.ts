import type { Finding } from "../kind.js";

/** Istio's ReferencedResourceNotFound. */
export const REFERENCE_CODE = "IST0101";

/** The references of a resource that lead nowhere; a resource without any has none of this. */
export interface References {
  readonly findings: readonly Finding[];
  /** Whether the resource must not take effect before they lead somewhere. */
  readonly isHeldBack: boolean;
}

/** Findings that hold nothing back; undefined for none. */
export function warnings(findings: readonly Finding[]): References | undefined {
  return findings.length === 0 ? undefined : { findings, isHeldBack: false };
}
