/**
 * Checks messages by the rules in Envoy's descriptors and by structure rules: their fields and elements, and the messages
 * in them, also those packed into an Any. The rules of a type are compiled into functions when it is first met.
 */
import {
  create,
  type DescField,
  type DescMessage,
  type DescOneof,
  fromBinary,
  isFieldSet,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { type Any, FeatureSet_FieldPresence, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { FieldRulesJson } from "../../../gen/types/validate/validate_pb.js";
import { unpackedOf } from "../wire/message-encoder.js";
import { checkOnce } from "../wire/shared-message.js";
import { createRuleOptions, type RuleOptions } from "./rule-options.js";
import type { StructureRule } from "./structure-rule.js";
import {
  durationCheck,
  enumRule,
  listCheck,
  mapCheck,
  onlyKnown,
  ruleCheck,
  type ValueCheck,
  withoutShowing,
  wrappedCheck,
} from "./value-check.js";
import { valueRule } from "./value-rules.js";
import { type FieldPath, pathOf, type Report, type Violation } from "./violation.js";

/** Finds what Envoy would refuse in a message of a type. */
export type MessageCheck = (schema: DescMessage, message: Message) => readonly Violation[];

/** Checks a message at a path; undefined of one that is checked by itself. */
type WholeCheck = (message: Message, at: FieldPath | undefined, report: Report) => void;

/** Where rules come from, and the checks that were made of them. */
interface Rulebook {
  readonly registry: Registry;
  readonly options: RuleOptions;
  readonly structureOf: (schema: DescMessage) => readonly StructureRule[];
  readonly checkOf: (schema: DescMessage) => WholeCheck;
}

/** Envoy keeps what is packed there as it is, and does not look into it. */
const NOT_UNPACKED = "envoy.config.core.v3.Metadata.typed_filter_metadata";
const DURATION = "google.protobuf.Duration";
const ANY = "google.protobuf.Any";
/** Free-form JSON, about which there are no rules. */
const LEAVES = ["google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue"];

/**
 * A check by the rules in a registry of Envoy's API, and by these.
 * @throws MissingOptionError; the check throws UnknownRuleError
 */
export function createMessageCheck(
  registry: Registry,
  structure: readonly StructureRule[],
): MessageCheck {
  const compiled = new Map<DescMessage, WholeCheck>();
  const checkOf = (schema: DescMessage): WholeCheck => {
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    const made = compile(schema, book);
    compiled.set(schema, made);
    return made;
  };
  const structureOf = (schema: DescMessage): readonly StructureRule[] =>
    structure.filter(({ typeName, isAlone }) => typeName === schema.typeName && !isAlone);
  const alone = structure.filter(({ isAlone }) => isAlone);
  const book: Rulebook = { registry, options: createRuleOptions(registry), structureOf, checkOf };
  return (schema, message) => {
    const found: Violation[] = [];
    checkOf(schema)(message, undefined, (violation) => {
      found.push(violation);
    });
    for (const { typeName, check } of alone) {
      if (typeName === schema.typeName) found.push(...check(message));
    }
    return found;
  };
}

function compile(schema: DescMessage, book: Rulebook): WholeCheck {
  const fields = schema.fields.flatMap((field) => {
    const check = fieldCheck(field, book);
    return check === undefined ? [] : { field, check };
  });
  const always = fields.filter(({ check }) => asksOfUnset(schema, check));
  const checks: readonly WholeCheck[] = [
    ...book.structureOf(schema).map(structureCheck),
    ...schema.oneofs.filter((oneof) => book.options.isRequired(oneof)).map(oneofCheck),
    ...always.map(({ check }) => check),
  ];
  const ifSet = bySlot(fields.filter((one) => !always.includes(one)));
  return (message, at, report) => {
    for (const check of checks) check(message, at, report);
    // A message inherits what is not set, and most fields are not.
    for (const slot of Object.keys(message)) ifSet.get(slot)?.(message, at, report);
  };
}

interface CheckedField {
  readonly field: DescField;
  readonly check: WholeCheck;
}

/** Whether something is wrong with a field that is not set. */
function asksOfUnset(schema: DescMessage, check: WholeCheck): boolean {
  const found: Violation[] = [];
  check(create(schema), undefined, (violation) => {
    found.push(violation);
  });
  return found.length > 0;
}

/** The checks by the property of the message that they are for; those of a oneof go by what is set of it. */
function bySlot(fields: readonly CheckedField[]): ReadonlyMap<string, WholeCheck> {
  const slots = new Map<string, WholeCheck>();
  const cases = new Map<DescOneof, Map<string, WholeCheck>>();
  for (const { field, check } of fields) {
    const { localName, oneof } = field;
    if (oneof === undefined) {
      slots.set(localName, check);
      continue;
    }
    const known = cases.get(oneof) ?? new Map<string, WholeCheck>();
    cases.set(oneof, known.set(localName, check));
  }
  for (const [{ localName }, checks] of cases) {
    slots.set(localName, (message, at, report) => {
      const chosen = fieldsOf(message)[localName] as { readonly case?: string };
      if (chosen.case !== undefined) checks.get(chosen.case)?.(message, at, report);
    });
  }
  return slots;
}

function structureCheck({ check }: StructureRule): WholeCheck {
  return (message, at, report) => {
    for (const violation of check(message)) {
      const path = pathOf({ around: at, step: violation.path });
      report({ ...violation, path });
    }
  };
}

function oneofCheck({ localName, fields }: DescOneof): WholeCheck {
  const problem = `must have one of ${fields.map(({ name }) => name).join(", ")}`;
  return (message, at, report) => {
    const chosen = fieldsOf(message)[localName] as { readonly case?: string };
    if (chosen.case === undefined) report({ path: pathOf(at), problem });
  };
}

function fieldCheck(field: DescField, book: Rulebook): WholeCheck | undefined {
  const rules = book.options.rulesOf(field);
  const found = anyKindCheck(field, rules, book);
  const check =
    found !== undefined && book.options.isSensitive(field) ? withoutShowing(found) : found;
  // Of fields that exclude one another only the one that is set has to be anything.
  const isRequired = field.oneof === undefined && asksForValue(rules);
  if (check === undefined && !isRequired) return undefined;
  const read = reader(field);
  const { name } = field;
  return (message, at, report) => {
    const value = read(message);
    if (value !== undefined) check?.(value, at, name, report);
    else if (isRequired) {
      report({ path: pathOf({ around: at, step: name }), problem: "must be set" });
    }
  };
}

const asksForValue = ({ message, any, duration }: FieldRulesJson): boolean =>
  [message, any, duration].some((rules) => rules?.required === true);

const fieldsOf = (message: Message): Readonly<Record<string, unknown>> => message;

/** Reads a field; undefined when it is not set, except for what has no such state and is zero or empty then. */
function reader(field: DescField): (message: Message) => unknown {
  const { localName, oneof } = field;
  if (oneof !== undefined) {
    return (message) => {
      const chosen = fieldsOf(message)[oneof.localName] as {
        readonly case?: string;
        readonly value?: unknown;
      };
      return chosen.case === localName ? chosen.value : undefined;
    };
  }
  const hasDefault = field.fieldKind === "scalar" || field.fieldKind === "enum";
  if (hasDefault && field.presence !== FeatureSet_FieldPresence.IMPLICIT) {
    return (message) => (isFieldSet(message, field) ? fieldsOf(message)[localName] : undefined);
  }
  return (message) => fieldsOf(message)[localName];
}

function anyKindCheck(
  field: DescField,
  rules: FieldRulesJson,
  book: Rulebook,
): ValueCheck | undefined {
  switch (field.fieldKind) {
    case "list":
      return listCheck(rules.repeated, valueCheck(field, rules.repeated?.items ?? {}, book));
    case "map": {
      const isPacked = `${field.parent.typeName}.${field.name}` === NOT_UNPACKED;
      const element = isPacked ? undefined : valueCheck(field, rules.map?.values ?? {}, book);
      return mapCheck(rules.map, element);
    }
    default:
      return valueCheck(field, rules, book);
  }
}

/** The check of the value of a field, or of an element of one; undefined when there is nothing to check. */
function valueCheck(
  field: DescField,
  rules: FieldRulesJson,
  book: Rulebook,
): ValueCheck | undefined {
  const { message, enum: words } = field;
  if (words !== undefined) return ruleCheck(enumRule(words, rules.enum));
  if (message === undefined) return ruleCheck(valueRule(rules));
  onlyKnown("message", rules.message ?? {}, ["required", "skip"]);
  onlyKnown("any", rules.any ?? {}, ["required"]);
  if (message.typeName === DURATION) return durationCheck(valueRule(rules));
  if (message.typeName === ANY) return packedCheck(book);
  if (isWrapperDesc(message)) {
    const check = ruleCheck(valueRule(rules));
    // In a field of its own what is wrapped stands bare.
    const isBare = field.fieldKind === "message" && field.oneof === undefined;
    return check === undefined || isBare ? check : wrappedCheck(check);
  }
  if (rules.message?.skip === true || asksNothing(message, book)) return undefined;
  return (value, around, step, report) => {
    book.checkOf(message)(value as Message, { around, step }, report);
  };
}

/** The check of what is packed into an Any. Types that the registry does not know are for others to refuse. */
function packedCheck({ registry, checkOf }: Rulebook): ValueCheck {
  return (value, around, step, report) => {
    const any = value as Any;
    const { typeUrl } = any;
    const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    if (schema === undefined || LEAVES.includes(schema.typeName)) return;
    checkOnce(any, () => {
      const message = unpackedOf(any) ?? fromBinary(schema, any.value);
      let isGood = true;
      checkOf(schema)(message, { around, step }, (violation) => {
        isGood = false;
        report(violation);
      });
      return isGood;
    });
  };
}

/** Whether there is no rule for a type, nor for any in it. */
function asksNothing(
  schema: DescMessage,
  book: Rulebook,
  seen: Set<DescMessage> = new Set<DescMessage>(),
): boolean {
  if (seen.has(schema) || LEAVES.includes(schema.typeName)) return true;
  seen.add(schema);
  const { options, structureOf } = book;
  if (schema.typeName === DURATION || schema.typeName === ANY) return false;
  if (structureOf(schema).length > 0 || schema.oneofs.some((oneof) => options.isRequired(oneof)))
    return false;
  return schema.fields.every(
    (field) =>
      Object.keys(options.rulesOf(field)).length === 0 &&
      (field.message === undefined || asksNothing(field.message, book, seen)),
  );
}
