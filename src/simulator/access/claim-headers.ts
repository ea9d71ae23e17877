/** The headers by which Envoy's JWT filter hands on what a token says. See Envoy, JwtProvider.claim_to_headers. */
import { isMap } from "../../base/is-map.js";
import { memberOf } from "../../base/member-of.js";
import type { JwtProviderJson } from "../../envoy/api.js";
import type { HttpRequest } from "../call.js";
import type { Token } from "./token.js";

/** A request without the headers that are a provider's to set: whoever else set them has forged them. */
export function withoutClaimHeaders(request: HttpRequest, provider: JwtProviderJson): HttpRequest {
  const { forwardPayloadHeader = "", claimToHeaders = [] } = provider;
  const names = [forwardPayloadHeader, ...claimToHeaders.map(({ headerName = "" }) => headerName)];
  const forged = new Set(names.map((name) => name.toLowerCase()));
  const kept = Object.entries(request.headers).filter(([name]) => !forged.has(name));
  return { ...request, headers: Object.fromEntries(kept) };
}

/** A request with the headers that a provider sets for a good token of its own. */
export function withClaimHeaders(
  request: HttpRequest,
  provider: JwtProviderJson,
  token: Token,
): HttpRequest {
  const headers = claimHeaders(provider, token).reduce(withHeader, request.headers);
  return { ...request, headers };
}

/** Those headers, with names in lower case: none for a claim that is missing, null or empty. */
export function claimHeaders(
  { forwardPayloadHeader = "", padForwardPayloadHeader, claimToHeaders = [] }: JwtProviderJson,
  { claims, payload }: Token,
): readonly (readonly [name: string, value: string])[] {
  const padded = padForwardPayloadHeader === true ? padding(payload) : payload;
  const whole = [forwardPayloadHeader, padded] as const;
  const single = claimToHeaders.map(({ headerName = "", claimName = "" }) => {
    return [headerName, headerValue(claimAt(claims, claimName))] as const;
  });
  return [whole, ...single]
    .filter(([name, value]) => name !== "" && value !== "")
    .map(([name, value]) => [name.toLowerCase(), value]);
}

const padding = (text: string): string => text.padEnd(Math.ceil(text.length / 4) * 4, "=");

/** A header that is there already gets the value behind its own. */
function withHeader(
  headers: HttpRequest["headers"],
  [name, value]: readonly [string, string],
): HttpRequest["headers"] {
  const before = memberOf(headers, name);
  return { ...headers, [name]: before === undefined ? value : `${before},${value}` };
}

/** Dots lead into claims, so that none with a dot in its name is ever found. */
function claimAt(claims: Token["claims"], name: string): unknown {
  return name
    .split(".")
    .reduce<unknown>((at, key) => (isMap(at) ? memberOf(at, key) : undefined), claims);
}

/** A claim as a header has it; `""` for one that no header has. */
function headerValue(claim: unknown): string {
  switch (typeof claim) {
    case "string":
      return claim;
    case "number":
      return numberValue(claim);
    case "boolean":
      return String(claim);
    default:
      return claim === null || claim === undefined
        ? ""
        : Buffer.from(jsonOf(claim)).toString("base64");
  }
}

/** JSON as Envoy writes it: without the characters that would open or close a tag of HTML. */
function jsonOf(claim: unknown): string {
  return JSON.stringify(claim).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
}

const UINT64_END = 2 ** 64;

/** Envoy knows counts, and writes every other number with six digits behind the point. */
function numberValue(value: number): string {
  if (!Number.isInteger(value)) return value.toFixed(6);
  const digits = BigInt(value).toString();
  return value >= 0 && value < UINT64_END ? digits : `${digits}.000000`;
}
