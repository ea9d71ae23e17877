/** Where the rules of Envoy's API are written: in options of the messages and fields of its descriptors. */
import {
  type DescExtension,
  type DescField,
  type DescOneof,
  getOption,
  hasOption,
  type Message,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import type { FieldRulesJson } from "../../../gen/types/validate/validate_pb.js";

/** What the options in Envoy's descriptors say about values. */
export interface RuleOptions {
  /** The rules of a field; an empty object when it has none. */
  rulesOf(field: DescField): FieldRulesJson;
  /** Whether one of the fields has to be set. */
  isRequired(oneof: DescOneof): boolean;
  /** Whether a field holds something secret, which must not be shown. */
  isSensitive(field: DescField): boolean;
}

/** The registry lacks the options by which Envoy's API states its rules: a fault of the build. */
class MissingOptionError extends Error {
  readonly code = "missing-option";
  constructor(name: string) {
    super(`the registry has no option ${name}`);
    this.name = "MissingOptionError";
  }
}

const NO_RULES: FieldRulesJson = {};

/**
 * Reads the options of the descriptors in a registry.
 * @throws MissingOptionError
 */
export function createRuleOptions(registry: Registry): RuleOptions {
  const rules = extension(registry, "validate.rules");
  const required = extension(registry, "validate.required");
  const sensitive = extension(registry, "udpa.annotations.sensitive");
  const schema = rules.message;
  if (schema === undefined) throw new MissingOptionError(rules.typeName);
  return {
    rulesOf: (field) =>
      hasOption(field, rules)
        ? (toJson(schema, getOption(field, rules) as Message) as FieldRulesJson)
        : NO_RULES,
    isRequired: (oneof) => hasOption(oneof, required) && getOption(oneof, required) === true,
    isSensitive: (field) => hasOption(field, sensitive) && getOption(field, sensitive) === true,
  };
}

function extension(registry: Registry, name: string): DescExtension {
  const found = registry.getExtension(name);
  if (found === undefined) throw new MissingOptionError(name);
  return found;
}
