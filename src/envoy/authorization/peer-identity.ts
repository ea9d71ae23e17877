/** How authorization rules name workloads, as patterns of their SPIFFE identities (`spiffe://DOMAIN/ns/NS/sa/ACCOUNT`). */
import { RE2JS } from "re2js";
import type { StringMatcherJson } from "../api.js";
import { regexOfPattern, stringPattern } from "./value-pattern.js";

const SPIFFE = "spiffe://";

/** A principal: an identity without its scheme. */
export const principalPattern = (pattern: string): StringMatcherJson =>
  stringPattern(pattern, SPIFFE);

/** The workloads of a namespace. */
export const namespacePattern = (pattern: string): StringMatcherJson => ({
  safeRegex: { regex: `.*/ns/${regexOfPattern(pattern, ".*")}/.*` },
});

/** The workloads of a trust domain: what stands before the first slash, so that no star reaches beyond. */
export const trustDomainPattern = (pattern: string): StringMatcherJson => ({
  safeRegex: { regex: `${SPIFFE}${regexOfPattern(pattern, "[^/]*")}/.*` },
});

/** The workloads of a service account, `NAMESPACE/NAME`, or `NAME` in the namespace of the policy. */
export function serviceAccountPattern(account: string, policyNamespace: string): StringMatcherJson {
  const slash = account.indexOf("/");
  const namespace = slash < 0 ? policyNamespace : account.slice(0, slash);
  const name = account.slice(slash + 1);
  // An identity may have other pairs of words beside `ns` and `sa`.
  const regex = `${SPIFFE}.+/ns/${RE2JS.quote(namespace)}/(.+/|)sa/${RE2JS.quote(name)}(/.+)?`;
  return { safeRegex: { regex } };
}
