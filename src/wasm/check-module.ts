/** Finds out whether Envoy can run a module as a plugin. What it cannot load breaks the filter chains that are to have it. */
import { limitedAscii } from "../base/text/limited-ascii.js";
import { ABI_EXPORTS, hostFunctions } from "./host-functions.js";
import { isModule } from "./unpack.js";

/** What is used of JavaScript's own API, which Node has and whose types are those of browsers. */
interface Api {
  readonly compile: (code: Uint8Array) => Promise<Compiled>;
  readonly Module: {
    readonly exports: (module: Compiled) => readonly Named[];
    readonly imports: (module: Compiled) => readonly (Named & { readonly module: string })[];
  };
}
type Compiled = object;
interface Named {
  readonly name: string;
  readonly kind: string;
}

const { WebAssembly: api } = globalThis as unknown as { readonly WebAssembly: Api };
const ALLOCATORS: readonly string[] = ["malloc", "proxy_on_memory_allocate"];
/** What is no function, and whatever its name is given to a module that wants one. */
const GIVEN_KINDS: readonly string[] = ["memory", "table"];
const MOST_NAMES = 5;

/** Why Envoy cannot run some bytes; undefined when it can. */
export async function moduleProblem(code: Uint8Array): Promise<string | undefined> {
  if (!isModule(code)) return "what is there is no WebAssembly module";
  let module: Compiled;
  try {
    module = await api.compile(code);
  } catch {
    return "what is there is no WebAssembly module that can be compiled";
  }
  return exportProblem(module) ?? importProblem(module);
}

function exportProblem(module: Compiled): string | undefined {
  const exported = api.Module.exports(module);
  const isThere = (name: string): boolean =>
    exported.some((one) => one.name === name && one.kind === "function");
  if (![...exported, ...api.Module.imports(module)].some(({ kind }) => kind === "memory")) {
    return "the module exports no memory";
  }
  if (!ABI_EXPORTS.some(isThere)) {
    return `the module is made for no proxy: it exports none of ${ABI_EXPORTS.join(", ")}`;
  }
  if (!ALLOCATORS.some(isThere)) {
    return `the module has nowhere to lay what Envoy hands over: it exports neither of ${ALLOCATORS.join(", ")}`;
  }
  return undefined;
}

function importProblem(module: Compiled): string | undefined {
  const exported = new Set(api.Module.exports(module).map(({ name }) => name));
  const abi = ABI_EXPORTS.find((name) => exported.has(name));
  const known = abi === undefined ? new Set<string>() : hostFunctions(abi);
  const missing = api.Module.imports(module).flatMap(({ module: from, name, kind }) => {
    const fullName = `${from}.${name}`;
    const isThere = kind === "function" ? known.has(fullName) : GIVEN_KINDS.includes(kind);
    return isThere ? [] : [fullName];
  });
  if (missing.length === 0) return undefined;
  const named = missing.slice(0, MOST_NAMES).join(", ");
  const more =
    missing.length > MOST_NAMES ? ` and ${String(missing.length - MOST_NAMES)} more` : "";
  return `the module needs what Envoy does not have: ${limitedAscii(named)}${more}`;
}
