import type { Path } from "../../../kind.js";
import { matchedHeaderProblem } from "../../format/http-headers.js";
import { namespaceProblem } from "../../value/addresses.js";
import {
  Flag,
  list,
  mapOf,
  optional,
  strict,
  Text,
  TextMap,
  Uint32,
  type ValueOf,
} from "../../value/fields.js";
import { eachMember, type Findings, given, refuse } from "../../value/findings.js";
import { checkLabels } from "../../value/labels.js";
import { checkPortOrZero } from "../../value/numbers.js";
import { checkPathMatch, checkStringMatch, StringMatch } from "../../value/string-match.js";
import { checkGatewayNames } from "./gateway-names.js";

/** What a request must be for a route to take it; all conditions hold (Istio's HTTPMatchRequest). */
export type HTTPMatchRequest = ValueOf<typeof HTTPMatchRequest>;
export const HTTPMatchRequest = strict({
  name: optional(Text),
  uri: optional(StringMatch),
  scheme: optional(StringMatch),
  method: optional(StringMatch),
  authority: optional(StringMatch),
  /** By name, in small letters; an empty condition asks that the header is there. */
  headers: optional(mapOf(StringMatch)),
  port: optional(Uint32),
  sourceLabels: optional(TextMap),
  gateways: optional(list(Text)),
  queryParams: optional(mapOf(StringMatch)),
  ignoreUriCase: optional(Flag),
  withoutHeaders: optional(mapOf(StringMatch)),
  sourceNamespace: optional(Text),
  statPrefix: optional(Text),
});

/** Conditions that a request can fulfil, from workloads and through gateways that can be. */
export function* checkHttpMatch(match: HTTPMatchRequest, path: Path): Findings {
  yield* given(match.uri, [...path, "uri"], checkPathMatch);
  yield* given(match.scheme, [...path, "scheme"], checkStringMatch);
  yield* given(match.method, [...path, "method"], checkStringMatch);
  yield* given(match.authority, [...path, "authority"], checkStringMatch);
  yield* eachMember(match.headers, [...path, "headers"], function* (value, at, name) {
    yield* refuse(at, matchedHeaderProblem(name));
    yield* checkStringMatch(value, at);
  });
  yield* eachMember(match.withoutHeaders, [...path, "withoutHeaders"], function* (value, at, name) {
    yield* refuse(at, matchedHeaderProblem(name));
    // Not a regular expression: any value will do.
    if (value.regex !== "*") yield* checkStringMatch(value, at);
  });
  yield* eachMember(match.queryParams, [...path, "queryParams"], checkStringMatch);
  yield* given(match.port, [...path, "port"], checkPortOrZero);
  yield* given(match.sourceLabels, [...path, "sourceLabels"], checkLabels);
  yield* checkGatewayNames(match.gateways, [...path, "gateways"]);
  yield* given(match.sourceNamespace, [...path, "sourceNamespace"], (name, at) =>
    refuse(at, name === "" ? undefined : namespaceProblem(name)),
  );
}
