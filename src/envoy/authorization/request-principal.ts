/** How authorization rules name who a token is for, `ISSUER/SUBJECT`, of which Envoy knows the two by themselves. */
import type { StringMatcherJson } from "../api.js";
import { ANYTHING } from "./value-pattern.js";

/** An issuer with subjects of it, as far as they are given. */
export interface IssuerAndSubject {
  readonly iss: StringMatcherJson;
  readonly sub: StringMatcherJson;
}

const BOTH: IssuerAndSubject = { iss: ANYTHING, sub: ANYTHING };

/**
 * The issuers with their subjects that a pattern is for. There may be slashes in both: each of the pattern's, but those of `https://`,
 * may be the one between. One without any is of the beginning of issuers, or the end of subjects.
 */
export function issuersAndSubjects(pattern: string): readonly IssuerAndSubject[] {
  if (pattern === "*") return [BOTH];
  if (pattern.startsWith("*")) {
    const end = pattern.slice(1);
    const divided = halvesOf(end).map(([issuer, subject]) => ({
      iss: issuer === "" ? ANYTHING : { suffix: issuer },
      sub: { exact: subject },
    }));
    return divided.length === 0 ? [{ ...BOTH, sub: { suffix: end } }] : divided;
  }
  if (pattern.endsWith("*")) {
    const beginning = pattern.slice(0, -1);
    const divided = halvesOf(beginning).map(([issuer, subject]) => ({
      iss: { exact: issuer },
      sub: subject === "" ? ANYTHING : { prefix: subject },
    }));
    return divided.length === 0 ? [{ ...BOTH, iss: { prefix: beginning } }] : divided;
  }
  const divided = halvesOf(pattern).map(([issuer, subject]) => ({
    iss: { exact: issuer },
    sub: { exact: subject },
  }));
  // Nobody is called so.
  return divided.length === 0 ? [{ iss: { exact: pattern }, sub: { exact: "" } }] : divided;
}

/** The two sides of each slash, but for those behind the scheme of a URL. */
function halvesOf(text: string): readonly (readonly [string, string])[] {
  const scheme = /^[^/]*:\/\//.exec(text)?.[0] ?? "";
  return [...text.matchAll(/\//g)]
    .map(({ index }) => index)
    .filter((index) => index >= scheme.length)
    .map((index) => [text.slice(0, index), text.slice(index + 1)]);
}
