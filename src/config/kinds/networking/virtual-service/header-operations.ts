import type { Path } from "../../../kind.js";
import { changedHeaderProblem, headerValueProblem } from "../../format/http-headers.js";
import { list, optional, strict, Text, TextMap, type ValueOf } from "../../value/fields.js";
import { each, eachMember, type Findings, given, refuse } from "../../value/findings.js";

/** What is done to the headers of a request or a response. */
export type HeaderOperations = ValueOf<typeof HeaderOperations>;
const HeaderOperations = strict({
  set: optional(TextMap),
  add: optional(TextMap),
  remove: optional(list(Text)),
});

/** What is done to the headers of requests and responses. */
export type Headers = ValueOf<typeof Headers>;
export const Headers = strict({
  request: optional(HeaderOperations),
  response: optional(HeaderOperations),
});

/** Headers that can be changed, with values in Envoy's format; the requested host can be set and not removed. */
export function* checkHeaders(headers: Headers, path: Path): Findings {
  yield* given(headers.request, [...path, "request"], (operations, at) =>
    checkOperations(operations, at, true),
  );
  yield* given(headers.response, [...path, "response"], (operations, at) =>
    checkOperations(operations, at, false),
  );
}

function* checkOperations(operations: HeaderOperations, path: Path, authority: boolean): Findings {
  for (const field of ["set", "add"] as const) {
    yield* eachMember(operations[field], [...path, field], function* (value, at, name) {
      yield* refuse(at, changedHeaderProblem(name, authority));
      yield* refuse(at, headerValueProblem(value));
    });
  }
  yield* each(operations.remove, [...path, "remove"], (name, at) =>
    refuse(at, changedHeaderProblem(name, false)),
  );
}
