/** Where a token issuer says where its keys are, and what it says there. See OpenID Connect Discovery 1.0, section 4. */

import { parseJson } from "../base/parse-json.js";
import { limitedAscii } from "../base/text/limited-ascii.js";

/** What an issuer said, or why that is of no use. */
export type KeysAddress = { readonly uri: string } | { readonly problem: string };

/** Of issuers and of what they say; a hundred of both have to fit into a private file. */
const LONGEST_URI = 2048;

/**
 * The address of an issuer's configuration; undefined for one that is no `https` URL of at most 2048 characters, or has a user, a
 * query or a fragment.
 */
export function configurationUrl(issuer: string): URL | undefined {
  if (issuer.length > LONGEST_URI) return undefined;
  if (!/^https:\/\//i.test(issuer) || !URL.canParse(issuer)) return undefined;
  const url = new URL(issuer);
  if (url.username + url.password + url.search + url.hash !== "") return undefined;
  url.pathname = `${url.pathname.replace(/\/$/, "")}/.well-known/openid-configuration`;
  return url;
}

/** Reads the configuration of an issuer: it has to be that issuer's, and its keys behind `https`. */
export function keysAddress(issuer: string, text: string): KeysAddress {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null)
    return { problem: "its answer is no JSON object" };
  const said = "issuer" in value ? value.issuer : undefined;
  if (said !== issuer) return { problem: `it says that it is the issuer ${shown(said)}` };
  const uri = "jwks_uri" in value ? value.jwks_uri : undefined;
  const isUri =
    typeof uri === "string" &&
    uri.length <= LONGEST_URI &&
    /^https:\/\/[^\s]+$/i.test(uri) &&
    URL.canParse(uri);
  return isUri ? { uri } : { problem: `its jwks_uri ${shown(uri)} is no https URL` };
}

/** Somebody else chose this text, and it is shown to people. */
function shown(value: unknown): string {
  const text = value === undefined ? "(none)" : JSON.stringify(value);
  return limitedAscii(text);
}
