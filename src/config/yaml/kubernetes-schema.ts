import {
  defineMappingTag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
  type MappingTagDefinition,
  mergeTag,
  NOT_RESOLVED,
  type Schema,
} from "js-yaml";
import { isNull, readBoolean, readFloat, readInteger } from "./scalars.js";

const DIGITS = Array.from("0123456789");
const never = (): boolean => false;

const nullTag = defineScalarTag("tag:yaml.org,2002:null", {
  implicit: true,
  implicitFirstChars: ["", "~", "n", "N"],
  resolve: (text) => (isNull(text) ? null : NOT_RESOLVED),
  identify: never,
});

const booleanTag = defineScalarTag("tag:yaml.org,2002:bool", {
  implicit: true,
  implicitFirstChars: Array.from("yYnNtTfFoO"),
  resolve: (text) => readBoolean(text) ?? NOT_RESOLVED,
  identify: never,
});

const integerTag = defineScalarTag("tag:yaml.org,2002:int", {
  implicit: true,
  implicitFirstChars: ["-", "+", ...DIGITS],
  resolve: (text) => readInteger(text) ?? NOT_RESOLVED,
  identify: never,
});

const floatTag = defineScalarTag("tag:yaml.org,2002:float", {
  implicit: true,
  implicitFirstChars: ["-", "+", ".", ...DIGITS],
  resolve: (text) => readFloat(text) ?? NOT_RESOLVED,
  identify: never,
});

function isSimple(key: unknown): key is string | number | boolean {
  return typeof key === "string" || typeof key === "number" || typeof key === "boolean";
}

type MapTag = MappingTagDefinition<Record<string, unknown>, Record<string, unknown>>;

/**
 * Maps with text as keys: numbers and booleans become their text, as in Kubernetes' conversion to JSON. `keepsNull` says
 * whether a member that is null, in YAML a name with nothing behind it, is there or absent.
 */
const mapTag = (keepsNull: boolean): MapTag =>
  defineMappingTag<Record<string, unknown>>("tag:yaml.org,2002:map", {
    create: () => ({}),
    addPair: (map, key, value) => {
      if (!isSimple(key)) return "a key has to be text";
      const name = String(key);
      // An assignment to __proto__ would change what the object is, not what it has.
      if (name === "__proto__") return "__proto__ cannot be a key";
      if (value === null && !keepsNull) return "";
      // eslint-disable-next-line no-param-reassign -- the parser makes the map here to be filled
      map[name] = value;
      return "";
    },
    has: (map, key) => isSimple(key) && Object.hasOwn(map, String(key)),
    keys: (map) => Object.keys(map),
    get: (map, key) => (isSimple(key) ? map[String(key)] : undefined),
    identify: never,
  });

const schemaWith = (map: MapTag): Schema =>
  FAILSAFE_SCHEMA.withTags(nullTag, booleanTag, integerTag, floatTag, mergeTag, map);

/**
 * How Kubernetes' tools read YAML: see scalars.ts. No binary values, dates, sets or tags of one's own. A member that is null
 * is absent, as Kubernetes and protobuf's JSON read it.
 */
export const KUBERNETES_SCHEMA: Schema = schemaWith(mapTag(false));

/** The same with the members that are null. */
export const KUBERNETES_SCHEMA_WITH_NULLS: Schema = schemaWith(mapTag(true));
