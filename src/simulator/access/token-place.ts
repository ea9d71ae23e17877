/** Where in requests Envoy's JWT filter looks for tokens. See Envoy, JwtProvider. */

import { memberOf } from "../../base/member-of.js";
import { byKey } from "../../base/text/compare-text.js";
import type { JwtProviderJson } from "../../envoy/api.js";
import type { HttpRequest } from "../call.js";

/** One place; `prefix` is what stands before a token in a header. */
type Place =
  | { readonly in: "header"; readonly name: string; readonly prefix: string }
  | { readonly in: "parameter" | "cookie"; readonly name: string };

/** A token, and the providers that look where it stands. */
export interface FoundToken {
  readonly text: string;
  readonly place: Place;
  readonly providers: readonly JwtProviderJson[];
}

const DEFAULT_PLACES: readonly Place[] = [
  { in: "header", name: "authorization", prefix: "Bearer " },
  { in: "parameter", name: "access_token" },
];

/** What may be part of a token, whatever else stands around it. */
const TOKEN_CHARACTER = /[\w.-]/;

/** The tokens that stand where some providers look, in the order in which Envoy finds them: each place once. */
export function findTokens(
  providers: readonly JwtProviderJson[],
  request: HttpRequest,
): readonly FoundToken[] {
  const looked = providers.flatMap((provider) =>
    placesOf(provider).map((place) => ({ key: keyOf(place), place, provider })),
  );
  const places = new Map(looked.map(({ key, place }) => [key, place] as const));
  return [...places].sort(byKey).flatMap(([key, place]) => {
    const text = textAt(place, request);
    const those = looked.filter((one) => one.key === key).map(({ provider }) => provider);
    return text === undefined ? [] : [{ text, place, providers: those }];
  });
}

function placesOf(provider: JwtProviderJson): readonly Place[] {
  const { fromHeaders = [], fromParams = [], fromCookies = [] } = provider;
  const places: readonly Place[] = [
    ...fromHeaders.map(({ name = "", valuePrefix = "" }) => {
      return { in: "header", name: name.toLowerCase(), prefix: valuePrefix } as const;
    }),
    ...fromParams.map((name) => ({ in: "parameter", name }) as const),
    ...fromCookies.map((name) => ({ in: "cookie", name }) as const),
  ];
  return places.length === 0 ? DEFAULT_PLACES : places;
}

const ORDER: Readonly<Record<Place["in"], number>> = { header: 0, parameter: 1, cookie: 2 };

/** Headers come before parameters, and those before cookies; among themselves they are in the order of their names. */
function keyOf(place: Place): string {
  const prefix = place.in === "header" ? place.prefix : "";
  return `${String(ORDER[place.in])} ${place.name}${prefix}`;
}

function textAt(place: Place, { headers, path }: HttpRequest): string | undefined {
  switch (place.in) {
    case "header":
      return textBehind(place.prefix, memberOf(headers, place.name));
    case "parameter":
      return new URLSearchParams(path.split("?", 2)[1] ?? "").get(place.name) ?? undefined;
    case "cookie":
      return cookiesOf(headers).get(place.name);
  }
}

/** The prefix may stand anywhere in the header. A value with nothing behind it is taken as it is, and is no token then. */
function textBehind(prefix: string, value: string | undefined): string | undefined {
  if (value === undefined || prefix === "") return value;
  const at = value.indexOf(prefix);
  if (at < 0) return undefined;
  const behind = value.slice(at + prefix.length);
  const start = behind.search(TOKEN_CHARACTER);
  return start < 0 ? value : behind.slice(start);
}

function cookiesOf(headers: HttpRequest["headers"]): ReadonlyMap<string, string> {
  const pairs = (headers["cookie"] ?? "").split(";").map((pair) => {
    const [name = "", ...value] = pair.trim().split("=");
    return [name, value.join("=")] as const;
  });
  return new Map(pairs);
}

/** A request without what stands at the place of a token. Envoy leaves cookies as they are. */
export function withoutToken(request: HttpRequest, { place }: FoundToken): HttpRequest {
  switch (place.in) {
    case "header": {
      const { [place.name]: _, ...headers } = request.headers;
      return { ...request, headers };
    }
    case "parameter":
      return { ...request, path: withoutParameter(request.path, place.name) };
    case "cookie":
      return request;
  }
}

function withoutParameter(path: string, name: string): string {
  const [plain = "", query = ""] = path.split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.delete(name);
  return parameters.size === 0 ? plain : `${plain}?${parameters.toString()}`;
}
