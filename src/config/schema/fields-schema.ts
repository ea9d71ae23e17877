/** A JSON schema, of which fields and the items of lists are looked at. */
export interface FieldsSchema {
  readonly properties?: Readonly<Record<string, object>>;
  /** `true` where fields may have any other name. */
  readonly additionalProperties?: unknown;
  readonly items?: object;
}
