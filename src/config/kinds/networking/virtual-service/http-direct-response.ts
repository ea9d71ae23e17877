import { readBase64 } from "../../../../base/text/base64.js";
import type { Path } from "../../../kind.js";
import { optional, strict, Text, Uint32, type ValueOf } from "../../value/fields.js";
import { atMostOne, doubtful, type Findings, given, invalid } from "../../value/findings.js";
import { checkHttpStatus } from "../../value/numbers.js";

/** The fixed answer to a request; `bytes` is base64. */
export type HTTPDirectResponse = ValueOf<typeof HTTPDirectResponse>;
export const HTTPDirectResponse = strict({
  status: Uint32,
  body: optional(strict({ string: optional(Text), bytes: optional(Text) })),
});

type Body = NonNullable<HTTPDirectResponse["body"]>;

const KIBIBYTE = 1024;

/** A status of an answer, and a body that each proxy can be sent with its configuration. */
export function* checkDirectResponse(response: HTTPDirectResponse, path: Path): Findings {
  yield* checkHttpStatus(response.status, [...path, "status"]);
  yield* given(response.body, [...path, "body"], checkBody);
}

function* checkBody(body: Body, path: Path): Findings {
  yield* atMostOne(body, path, ["string", "bytes"]);
  if (body.bytes !== undefined && readBase64(body.bytes) === undefined) {
    yield invalid([...path, "bytes"], "the body is no base64");
  }
  const { string = "", bytes = "" } = body;
  const size = Buffer.byteLength(string) + Buffer.byteLength(bytes, "base64");
  if (size > KIBIBYTE * KIBIBYTE) {
    yield invalid(path, `the body is too large: ${size} bytes, at most 1048576`);
  } else if (size > 100 * KIBIBYTE) {
    yield doubtful(path, `every proxy is sent this body: ${size} bytes`);
  }
}
