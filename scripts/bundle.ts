/**
 * Bundles src and the packages that it runs on into dist: what starts a command is read as a few files, not as the hundreds
 * that the packages consist of.
 *
 * usage: bundle ENTRY...
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

/**
 * Packages that read files which lie beside their own, so that they work from where they are installed alone. pino is none of them:
 * it reads such files for threads that write logs, which we have none of.
 */
const LEFT_OUTSIDE = ["@grpc/proto-loader", "@grpc/reflection", "grpc-health-check"];

/** Of a package that is no ES module `require` is left over, for modules of Node. */
const REQUIRE =
  'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/** Licences ask that they go where the code goes. */
function licencesOf(inputs: readonly string[]): string {
  const packages = new Set(inputs.flatMap((input) => PACKAGE.exec(input) ?? []));
  const sections = [...packages].sort().map((directory) => {
    const files = readdirSync(directory).filter((name) => /^(licen[cs]e|notice)/i.test(name));
    const texts = files.sort().map((name) => readFileSync(join(directory, name), "utf8").trim());
    const { name, version, license } = JSON.parse(
      readFileSync(join(directory, "package.json"), "utf8"),
    ) as Readonly<Record<"name" | "version" | "license", string>>;
    return [`${name} ${version} (${license})`, ...texts].join("\n\n");
  });
  return `${sections.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

const COMMON = {
  outdir: "dist",
  bundle: true,
  external: LEFT_OUTSIDE,
  platform: "node",
  target: "node20",
  entryNames: "[name]",
  sourcemap: true,
  metafile: true,
  logLevel: "warning",
} as const satisfies BuildOptions;

const modules = await build({
  ...COMMON,
  entryPoints: process.argv.slice(2),
  format: "esm",
  // What only one command needs is in a file that only that command reads. All files stand side by side, so that
  // `new URL("./echo-worker.js", import.meta.url)` holds in each of them.
  splitting: true,
  chunkNames: "chunk-[hash]",
  banner: { js: REQUIRE },
});
// A function of what Node gives to modules that are none of ES: see src/cli/long-running/script.ts.
const script = await build({
  ...COMMON,
  entryPoints: [{ in: "src/cli/long-running/long-running.ts", out: "long-running.script" }],
  format: "cjs",
  supported: { "dynamic-import": false },
  define: { "import.meta.url": "importMetaUrl" },
  banner: {
    js: '(function (exports, require, module, __filename) { const importMetaUrl = require("node:url").pathToFileURL(__filename).href;',
  },
  footer: { js: "})" },
});
const inputs = [modules, script].flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync("dist/LICENSES.txt", licencesOf(inputs));
