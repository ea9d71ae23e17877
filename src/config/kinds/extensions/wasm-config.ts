import Type from "typebox";
import type { Path } from "../../kind.js";
import {
  list,
  NonEmptyText,
  oneOf,
  optional,
  PortNumber,
  Struct,
  strict,
  Text,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given, invalid, refuse, unique } from "../value/findings.js";
import { schemeOf, urlProblem } from "../value/urls.js";

/** An environment variable of a Wasm VM: given here, or that of the proxy. */
export type WasmEnvVar = ValueOf<typeof WasmEnvVar>;
const WasmEnvVar = strict({
  name: Type.String({ minLength: 1, maxLength: 256 }),
  /** INLINE when absent. */
  valueFrom: optional(oneOf("INLINE", "HOST")),
  value: optional(Type.String({ maxLength: 2048 })),
});

/** The fields of a Wasm module that a WasmPlugin and a TrafficExtension share. */
export const WASM_FIELDS = {
  url: NonEmptyText,
  sha256: optional(Text),
  imagePullPolicy: optional(oneOf("UNSPECIFIED_POLICY", "IfNotPresent", "Always")),
  imagePullSecret: optional(Type.String({ minLength: 1, maxLength: 253 })),
  verificationKey: optional(Text),
  pluginConfig: optional(Struct),
  pluginName: optional(Type.String({ minLength: 1, maxLength: 256 })),
  failStrategy: optional(oneOf("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD")),
  vmConfig: optional(strict({ env: optional(Type.Array(WasmEnvVar, { maxItems: 256 })) })),
  type: optional(oneOf("UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK")),
};

/** A Wasm module and how it is run. */
export type WasmConfig = ValueOf<typeof WasmConfig>;
export const WasmConfig = strict(WASM_FIELDS);

/** Which traffic an extension is for. */
export type TrafficSelectors = ValueOf<typeof TrafficSelectors>;
export const TrafficSelectors = list(
  strict({
    mode: optional(oneOf("UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER")),
    ports: optional(list(strict({ number: PortNumber }))),
  }),
);

/** What traffic is selected by: ports that are different. */
export function checkTrafficSelectors(selectors: TrafficSelectors, path: Path): Findings {
  return each(selectors, path, ({ ports = [] }, at) => {
    const numbers = ports.map(({ number }) => number);
    return unique(numbers, (index) => [...at, "ports", index, "number"], "port");
  });
}

/** An address that a module can be fetched from, and variables that it can be given. */
export function* checkWasm(wasm: WasmConfig, path: Path): Findings {
  yield* refuse([...path, "url"], moduleProblem(wasm.url));
  const { sha256 = "" } = wasm;
  if (!/^([a-f0-9]{64})?$/.test(sha256)) {
    yield invalid([...path, "sha256"], "sha256 has to be 64 hexadecimal digits, in small letters");
  }
  yield* given(wasm.vmConfig?.env, [...path, "vmConfig", "env"], checkEnvironment);
}

function* checkEnvironment(env: readonly WasmEnvVar[], path: Path): Findings {
  yield* each(env, path, function* ({ valueFrom, value }, at) {
    if (valueFrom === "HOST" && value !== undefined) {
      yield invalid([...at, "value"], "the value comes from the host: leave it out, or say INLINE");
    }
  });
  const names = env.map(({ name }) => name);
  yield* unique(names, (index) => [...path, index, "name"], "environment variable");
}

const SCHEMES: readonly string[] = ["file", "http", "https", "oci"];

/**
 * Why a module cannot be fetched. What is before the first colon is a scheme, so `localhost:5000/module` is none; what has
 * no scheme is an image. As in Istio, what is no URL may still be one behind `http://`.
 */
function moduleProblem(url: string): string | undefined {
  if (urlProblem(url) !== undefined) return urlProblem(`http://${url}`);
  const scheme = schemeOf(url);
  const isKnown = scheme === undefined || SCHEMES.includes(scheme);
  return isKnown ? undefined : `"${scheme}" is no scheme of a module: ${SCHEMES.join(", ")}`;
}
