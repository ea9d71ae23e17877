import type { Path } from "../../kind.js";
import {
  changedHeaderProblem,
  headerNameProblem,
  headerValueProblem,
} from "../format/http-headers.js";
import { list, NonEmptyText, optional, strict, type ValueOf } from "../value/fields.js";
import { each, type Findings, given, refuse } from "../value/findings.js";
import { checkHeaderNames } from "./header-names.js";

const Header = strict({ name: NonEmptyText, value: NonEmptyText });

/** Changes of the headers of a request or an answer. */
export type HeaderModifier = ValueOf<typeof HeaderModifier>;
export const HeaderModifier = strict({
  set: optional(list(Header, 16)),
  add: optional(list(Header, 16)),
  remove: optional(list(NonEmptyText, 16)),
});

/** Headers that there can be; of those that are named twice in one way the first change counts. */
export function* checkHeaderModifier(modifier: HeaderModifier, path: Path): Findings {
  for (const field of ["set", "add"] as const) {
    yield* given(modifier[field], [...path, field], checkHeaders);
  }
  yield* given(modifier.remove, [...path, "remove"], (names, at) =>
    each(names, at, (name, place) =>
      refuse(place, headerNameProblem(name) ?? changedHeaderProblem(name, false)),
    ),
  );
}

function* checkHeaders(headers: NonNullable<HeaderModifier["set"]>, path: Path): Findings {
  yield* each(headers, path, function* ({ name, value }, at) {
    yield* refuse([...at, "name"], headerNameProblem(name) ?? changedHeaderProblem(name, true));
    yield* refuse([...at, "value"], headerValueProblem(value));
  });
  const names = headers.map(({ name }) => name);
  yield* checkHeaderNames(names, (index) => [...path, index, "name"]);
}
