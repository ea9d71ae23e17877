import type { Path } from "../../kind.js";
import { headerNameProblem } from "../format/http-headers.js";
import {
  list,
  NonEmptyText,
  oneOf,
  optional,
  strict,
  textUpTo,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given, invalid, refuse } from "../value/findings.js";
import { BackendObjectReference, checkBackend } from "./backends.js";
import { upTo } from "./numbers.js";

const HeaderNames = list(NonEmptyText);

/** Somebody who is asked about each request before it is forwarded. See Gateway API, GEP-1494. */
export type HTTPExternalAuthFilter = ValueOf<typeof HTTPExternalAuthFilter>;
export const HTTPExternalAuthFilter = strict({
  protocol: oneOf("HTTP", "GRPC"),
  backendRef: BackendObjectReference,
  grpc: optional(strict({ allowedHeaders: optional(HeaderNames) })),
  http: optional(
    strict({
      /** Stands before the paths of requests when it is asked about them. */
      path: optional(textUpTo(1024)),
      allowedHeaders: optional(HeaderNames),
      allowedResponseHeaders: optional(HeaderNames),
    }),
  ),
  forwardBody: optional(strict({ maxSize: optional(upTo(65535)) })),
});

const SETTINGS = { HTTP: "http", GRPC: "grpc" } as const;
const PATH = /^(?:[-\w/.~!$&'()*+,;=:@]|%[0-9a-f]{2})+$/i;

/** Somebody who is named rightly, with the settings of the one protocol that is spoken. */
export function* checkExternalAuth(auth: HTTPExternalAuthFilter, path: Path): Findings {
  const { protocol, backendRef, grpc, http } = auth;
  yield* checkBackend(backendRef, [...path, "backendRef"]);
  const own = SETTINGS[protocol];
  if (auth[own] === undefined) yield invalid(path, `the protocol ${protocol} needs ${own}`);
  for (const field of Object.values(SETTINGS)) {
    if (field === own || auth[field] === undefined) continue;
    yield invalid([...path, field], `${field} is not for the protocol ${protocol}`);
  }
  yield* given(grpc?.allowedHeaders, [...path, "grpc", "allowedHeaders"], checkNames);
  yield* given(http?.allowedHeaders, [...path, "http", "allowedHeaders"], checkNames);
  yield* given(
    http?.allowedResponseHeaders,
    [...path, "http", "allowedResponseHeaders"],
    checkNames,
  );
  yield* given(http?.path, [...path, "http", "path"], (prefix, at) =>
    refuse(
      at,
      prefix === "" || PATH.test(prefix) ? undefined : `"${prefix}" is no beginning of paths`,
    ),
  );
}

const checkNames = (names: readonly string[], path: Path): Findings =>
  each(names, path, (name, at) => refuse(at, headerNameProblem(name)));
