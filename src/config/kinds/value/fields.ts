import Type, {
  type Static,
  type TArray,
  type TEnum,
  type TObject,
  type TProperties,
  type TRecord,
  type TSchema,
  type TString,
} from "typebox";

/** A value that nobody may change: readonly all the way down. */
export type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The type of the values that a schema accepts. */
export type ValueOf<S extends TSchema> = DeepReadonly<Static<S>>;

/** An object with these fields and no others: a misspelt field is found. */
export function strict<P extends TProperties>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false });
}

/** An object of which we read these fields; what else it has is Kubernetes' affair. */
export function lenient<P extends TProperties>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: true });
}

/** A field that may be absent. */
export const optional = Type.Optional;

/** Any number of these, up to `maxItems`. */
export function list<S extends TSchema>(item: S, maxItems?: number): TArray<S> {
  return Type.Array(item, maxItems === undefined ? {} : { maxItems });
}

/** One of a few words: a protobuf enum by its names. */
export function oneOf<W extends string>(...words: W[]): TEnum<W[]> {
  return Type.Enum(words);
}

/** Any name, also one with a line's end in it, which TypeBox's own pattern leaves unchecked with what it is the name of. */
const AnyName = Type.String({ pattern: "^" });

/** An object whose member names are the user's, with at most `maxProperties` of them. */
export function mapOf<S extends TSchema>(value: S, maxProperties?: number): TRecord<"^.*$", S> {
  return Type.Record(AnyName, value, maxProperties === undefined ? {} : { maxProperties });
}

/** Text. */
export const Text = Type.String();

/** Text that says something. */
export const NonEmptyText = Type.String({ minLength: 1 });

/** Text of at most so many characters. */
export function textUpTo(maxLength: number): TString {
  return Type.String({ maxLength });
}

/** true or false. */
export const Flag = Type.Boolean();

/** protobuf's int32. */
export const Int32 = Type.Integer({ minimum: -2147483648, maximum: 2147483647 });

/** protobuf's uint32. */
export const Uint32 = Type.Integer({ minimum: 0, maximum: 4294967295 });

/** protobuf's uint64, as far as a JSON number is exact. */
export const Uint64 = Type.Integer({ minimum: 0 });

/** protobuf's double and float. */
export const Double = Type.Number();

/** A port that must be one: 1 to 65535. */
export const PortNumber = Type.Integer({ minimum: 1, maximum: 65535 });

/** A port, where 0 means that none is given. */
export const PortNumberOrZero = Type.Integer({ minimum: 0, maximum: 65535 });

/** A length of time in Go's syntax (`1.5h`, `5s`, `100ms`); see `durationMs`. */
export const Duration = Type.String({ format: "duration" });

/** Part of a hundred, with decimals. */
export type Percent = ValueOf<typeof Percent>;
export const Percent = strict({ value: optional(Double) });

/** google.protobuf.Struct: any object. */
export type Struct = ValueOf<typeof Struct>;
export const Struct = Type.Record(Type.String(), Type.Unknown());

/** Labels and annotations: names to text. */
export type TextMap = ValueOf<typeof TextMap>;
export const TextMap = mapOf(Text);

/** A port by its number or its name. */
export const PortOrName = Type.Union([PortNumber, Type.String()]);

/** The same, where 0 means that none is given. */
export const PortOrNameOrZero = Type.Union([PortNumberOrZero, Type.String()]);
