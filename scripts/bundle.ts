/**
 * Bundles src and the packages that it runs on into dist: what starts a command is read as a few files, not as the hundreds
 * that the packages consist of.
 *
 * usage: bundle ENTRY...
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** Packages that read files which lie beside their own, so that they work from where they are installed alone. */
const LEFT_OUTSIDE = ["@grpc/proto-loader", "@grpc/reflection", "grpc-health-check", "pino"];

/** Of a package that is no ES module `require` is left over, for modules of Node. */
const REQUIRE =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

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

const { metafile } = await build({
  entryPoints: process.argv.slice(2),
  outdir: "dist",
  bundle: true,
  external: LEFT_OUTSIDE,
  platform: "node",
  target: "node20",
  format: "esm",
  // What only one command needs is in a file that only that command reads. All files stand side by side, so that
  // `new URL("./echo-worker.js", import.meta.url)` holds in each of them.
  splitting: true,
  entryNames: "[name]",
  chunkNames: "chunk-[hash]",
  banner: { js: REQUIRE },
  sourcemap: true,
  metafile: true,
  logLevel: "warning",
});
writeFileSync("dist/LICENSES.txt", licencesOf(Object.keys(metafile.inputs)));
