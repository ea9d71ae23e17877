/**
 * Checks messages by the rules in Envoy's descriptors and by structure rules: fields, elements, and the messages in them,
 * also those packed into an Any. A type's rules are compiled into functions when it is first met.
 */
import {
  type DescField,
  type DescMessage,
  type DescOneof,
  fromBinary,
  getOption,
  hasOption,
  isFieldSet,
  type Message,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import type { Any, Duration } from "@bufbuild/protobuf/wkt";
import type { FieldRulesJson } from "../../../gen/types/validate/validate_pb.js";
import { durationProblem } from "./duration-problem.js";
import type { StructureRule } from "./structure-rule.js";
import { type Rule, UnknownRuleError, valueRule } from "./value-rules.js";
import { type Place, pathOf, type Report, type Violation } from "./violation.js";

/** Finds what Envoy would refuse in a message of a type. */
export type MessageCheck = (schema: DescMessage, message: Message) => readonly Violation[];

/** Checks a value that is there, at a place. */
type Check<T = unknown> = (value: T, place: Place | undefined, report: Report) => void;
type Fields = Readonly<Record<string, unknown>>;

/** Envoy keeps whatever is packed there as it is, and does not look into it. */
const NOT_UNPACKED = "envoy.config.core.v3.Metadata.typed_filter_metadata";

const DURATION = "google.protobuf.Duration";
const ANY = "google.protobuf.Any";
/** Types whose fields hold nothing that a rule is about; some are represented by plain JSON. */
const LEAVES: ReadonlySet<string> = new Set(["google.protobuf.Struct", "google.protobuf.Value"]);

const EMPTY_RULES: FieldRulesJson = {};
