import { unknownInHeader } from "./format-commands.js";
import { headerFormatProblem } from "./header-format.js";

/** A token of RFC 9110: what the name of a header is made of. */
const TOKEN = /^[-!#$%&'*+.^_`|~0-9a-z]+$/i;
const PSEUDO_HEADERS = [":method", ":scheme", ":authority", ":path", ":status"];
// Control characters other than tab are what cannot be in a header's value.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Whether the name of a header in a match stands for a claim of a checked JWT: `@request.auth.claims.sub`, or `[sub]`. */
export function isJwtClaim(name: string): boolean {
  return /^@request\.auth\.claims(\..+|\[.+\])$/i.test(name);
}

/** Why a text is no name of a header. */
export function headerNameProblem(name: string): string | undefined {
  if (name === "") return "the name of a header cannot be empty";
  return TOKEN.test(name) ? undefined : `"${name}" is no name of a header`;
}

/** As `headerNameProblem`, for names of letters, digits, hyphens and underscores alone. */
export function plainHeaderNameProblem(name: string): string | undefined {
  if (name === "") return "the name of a header cannot be empty";
  const rule = "letters, digits, - and _";
  return /^[-_0-9a-z]+$/i.test(name) ? undefined : `"${name}" is no name of a header: ${rule}`;
}

/** As `headerNameProblem`, for the headers of a probe, of which Kubernetes takes no others. */
export function probeHeaderNameProblem(name: string): string | undefined {
  if (name === "") return "the name of a header cannot be empty";
  const isName = /^[-0-9a-z]+$/i.test(name);
  return isName ? undefined : `"${name}" is no name of a probe's header: letters, digits and -`;
}

/** Why a name is nothing that can be read of a request: a header, or a pseudo-header of HTTP/2. */
export function readHeaderProblem(name: string): string | undefined {
  return PSEUDO_HEADERS.includes(name) ? undefined : headerNameProblem(name);
}

/** Why a name is nothing that a route can match on: what can be read of a request, or a claim. */
export function matchedHeaderProblem(name: string): string | undefined {
  return isJwtClaim(name) ? undefined : readHeaderProblem(name);
}

/** Whether a name is that of the header with the requested host. */
export function isAuthority(name: string): boolean {
  return [":authority", "host"].includes(name.toLowerCase());
}

/** Why Envoy cannot set or remove a header; `authority` says whether the requested host may be changed. */
export function changedHeaderProblem(name: string, authority: boolean): string | undefined {
  if (name === "") return "the name of a header cannot be empty";
  if (authority && isAuthority(name)) return undefined;
  const own = name.startsWith(":") || name.toLowerCase() === "host";
  return own ? `the header "${name}" is HTTP's own and cannot be changed here` : undefined;
}

/** Why a text can be no part of a request as it stands: no path, and no value of a header. */
export function requestTextProblem(text: string): string | undefined {
  return CONTROL.test(text) ? "a request cannot have control characters" : undefined;
}

/** Why a text is no value that Envoy can give a header: `%NAME%` is one of its variables, `%%` a percent sign. */
export function headerValueProblem(value: string): string | undefined {
  if (CONTROL.test(value)) return "the value of a header cannot have control characters";
  return headerFormatProblem(value) ?? unknownInHeader(value);
}
