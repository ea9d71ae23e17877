/** WebAssembly modules for tests, from text. */
import wabt from "wabt";

/** The module that a text in WebAssembly's text format is. */
export async function wasmFromText(wat: string): Promise<Uint8Array> {
  const assembler = await wabt();
  const module = assembler.parseWat("module.wat", wat);
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

/** What a plugin is made of. */
export interface PluginText {
  /** A response header that it adds, with its value. */
  readonly header?: readonly [name: string, value: string];
  /** Imports beside those that it needs itself, in WebAssembly's text format. */
  readonly imports?: string;
  /** Leaves one of its exports out. */
  readonly without?: "memory" | "malloc" | "proxy_abi_version_0_2_1";
}

/** A plugin for HTTP in the text format: all that Envoy needs to run one, and no more. */
export function pluginText({
  header: [name, value] = ["x-plugin", "minimal"],
  imports = "",
  without,
}: PluginText = {}): string {
  const exported = (what: string): string => (what === without ? "" : `(export "${what}")`);
  return `
(module
  (import "env" "proxy_add_header_map_value"
    (func $add_header (param i32 i32 i32 i32 i32) (result i32)))
  ${imports}
  (memory ${exported("memory")} 2)
  (data (i32.const 16) "${name}")
  (data (i32.const 1040) "${value}")
  ;; What Envoy hands over is laid behind the texts, one after the other.
  (global $free (mut i32) (i32.const 4096))
  (func ${exported("malloc")} (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free
      (i32.and (i32.add (i32.add (global.get $free) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (local.get $at))
  (func ${exported("proxy_abi_version_0_2_1")})
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
  (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 1))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (drop (call $add_header
      (i32.const 2)
      (i32.const 16) (i32.const ${String(name.length)})
      (i32.const 1040) (i32.const ${String(value.length)})))
    (i32.const 0)))`;
}

/** A plugin for HTTP that Envoy runs. */
export function minimalPlugin(options: PluginText = {}): Promise<Uint8Array> {
  return wasmFromText(pluginText(options));
}
