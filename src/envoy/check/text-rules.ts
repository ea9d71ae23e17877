/** Texts in languages of their own: regular expressions, formats, addresses. */
import type { JsonValue } from "@bufbuild/protobuf";
import type {
  BindConfig,
  CidrRange,
  Pipe,
} from "../../../gen/types/envoy/config/core/v3/address_pb.js";
import type { SubstitutionFormatString } from "../../../gen/types/envoy/config/core/v3/substitution_format_string_pb.js";
import type { RegexMatcher } from "../../../gen/types/envoy/type/matcher/v3/regex_pb.js";
import { formatProblem } from "../../config/kinds/format/format-problem.js";
import { MAX_SOCKET_PATH_BYTES } from "../../config/kinds/value/addresses.js";
import { isIpAddress } from "../../config/kinds/value/dns-names.js";
import { regexProblem } from "./regex-problem.js";
import { type StructureRule, structureRule } from "./structure-rule.js";
import type { Violation } from "./violation.js";

/** The violation of a text, if there is a problem with it. */
export function textViolation(
  path: string,
  found: string,
  problem: string | undefined,
): readonly Violation[] {
  return problem === undefined ? [] : [{ path, problem, found }];
}

/** Why a text is no address as Envoy reads it where names are not resolved; the empty one is for the field's own rule. */
export function addressProblem(address: string): string | undefined {
  return address === "" || isIpAddress(address) ? undefined : "must be an IP address";
}

/** Why a path is none of a socket; one behind `@`, in the abstract namespace, is no longer either. */
function socketProblem(path: string): string | undefined {
  return Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES
    ? `must have at most ${MAX_SOCKET_PATH_BYTES} bytes`
    : undefined;
}

function formatViolations({ format }: SubstitutionFormatString): readonly Violation[] {
  switch (format.case) {
    case "textFormat":
      return textViolation("text_format", format.value, formatProblem(format.value));
    case "textFormatSource": {
      const { specifier } = format.value;
      if (specifier.case !== "inlineString") return [];
      const text = specifier.value;
      return textViolation("text_format_source.inline_string", text, formatProblem(text));
    }
    case "jsonFormat":
      return jsonFormatViolations(format.value, "json_format");
    case undefined:
      return [];
  }
}

/** The formats in a format of JSON: the texts, however deep. */
function jsonFormatViolations(value: JsonValue, path: string): readonly Violation[] {
  if (typeof value === "string") return textViolation(path, value, formatProblem(value));
  if (typeof value !== "object" || value === null) return [];
  return Array.isArray(value)
    ? value.flatMap((one, i) => jsonFormatViolations(one, `${path}[${i}]`))
    : Object.entries(value).flatMap(([name, one]) =>
        jsonFormatViolations(one, `${path}[${JSON.stringify(name)}]`),
      );
}

export const TEXT_RULES: readonly StructureRule[] = [
  structureRule<Pipe>("envoy.config.core.v3.Pipe", ({ path }) =>
    textViolation("path", path, socketProblem(path)),
  ),
  structureRule<RegexMatcher>("envoy.type.matcher.v3.RegexMatcher", ({ regex }) =>
    // The empty one is for the field's own rule.
    regex === "" ? [] : textViolation("regex", regex, regexProblem(regex)),
  ),
  structureRule<SubstitutionFormatString>(
    "envoy.config.core.v3.SubstitutionFormatString",
    formatViolations,
  ),
  structureRule<CidrRange>("envoy.config.core.v3.CidrRange", ({ addressPrefix }) =>
    textViolation("address_prefix", addressPrefix, addressProblem(addressPrefix)),
  ),
  structureRule<BindConfig>("envoy.config.core.v3.BindConfig", ({ sourceAddress }) => {
    const address = sourceAddress?.address ?? "";
    return textViolation("source_address.address", address, addressProblem(address));
  }),
];
