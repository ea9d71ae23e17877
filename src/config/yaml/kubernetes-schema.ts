import {
  defineMappingTag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
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

/**
 * Maps with text as keys: numbers and booleans become their text, as in Kubernetes' conversion to JSON. A member that is null, in
 * YAML a name with nothing behind it, is there: so that its name cannot come twice, and counts over one that is merged (`<<`).
 */
const mapTag = defineMappingTag<Record<string, unknown>>("tag:yaml.org,2002:map", {
  create: () => ({}),
  addPair: (map, key, value) => {
    if (!isSimple(key)) return "a key has to be text";
    const name = String(key);
    // An assignment to __proto__ would change what the object is, not what it has.
    if (name === "__proto__") return "__proto__ cannot be a key";
    // eslint-disable-next-line no-param-reassign -- the parser makes the map here to be filled
    map[name] = value;
    return "";
  },
  has: (map, key) => isSimple(key) && Object.hasOwn(map, String(key)),
  keys: (map) => Object.keys(map),
  get: (map, key) => (isSimple(key) ? map[String(key)] : undefined),
  identify: never,
});

/** How Kubernetes' tools read YAML: see scalars.ts. No binary values, dates, sets or tags of one's own. */
export const KUBERNETES_SCHEMA: Schema = FAILSAFE_SCHEMA.withTags(
  nullTag,
  booleanTag,
  integerTag,
  floatTag,
  mergeTag,
  mapTag,
);
