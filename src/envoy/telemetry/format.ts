/** Text with the operators of Envoy's formats, as tags of metrics and of spans have it. */

/** See the top of this file. */
export type Format = string;

/** An operator by which a value is found, as `%COALESCE(…)%` takes it. */
export type Operator = object;

/** The value of an expression of CEL. */
export const cel = (expression: string): Operator => ({ command: "CEL", param: expression });

/** The value of another operator. */
export const operator = (command: string, param: string): Operator => ({ command, param });

/** The first of some values that is there; this text, which has no quotes, without one. */
export const firstOr = (fallback: string, ...operators: readonly Operator[]): Format =>
  `%COALESCE(${JSON.stringify({ operators: [...operators, cel(`'${fallback}'`)] })})%`;

/** The first of some values that is there; `unknown`, as Istio has it, without one. */
export const firstOf = (...operators: readonly Operator[]): Format =>
  firstOr("unknown", ...operators);

/** A label of the proxy's own workload. */
export const ownLabel = (name: string): Operator => cel(`xds.node.metadata.LABELS['${name}']`);

/** What the proxy's node says of it. */
export const ownMetadata = (key: string): Operator => cel(`xds.node.metadata.${key}`);
