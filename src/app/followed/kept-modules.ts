/** Wasm modules in the state directory: a file for each by its SHA-256, and one that says whose they are. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseJson } from "../../base/parse-json.js";
import {
  makePrivateDirectory,
  readPrivateFile,
  removePrivateFile,
  writePrivateFile,
} from "../../ca/private-file.js";
import type { FetchedModule } from "../../wasm/fetch-module.js";
import { MAX_MODULE_BYTES, sha256Of } from "../../wasm/unpack.js";
import type { ModuleStorage } from "./wasm-modules.js";

const FOLDER = "wasm-modules";
const INDEX = "wasm-modules.json";
const SHA256 = /^[a-f0-9]{64}$/;

/** Those of a state directory. */
export function keptModules(stateDir: string): ModuleStorage {
  const folder = join(stateDir, FOLDER);
  const index = join(stateDir, INDEX);
  /** Those whose files are known to be in order: what lies there may have been changed while nobody looked. */
  const inOrder = new Set<string>();
  return {
    load: async () => {
      const modules = new Map<string, FetchedModule>();
      const bySha256 = new Map<string, FetchedModule>();
      for (const [key, sha256] of entriesIn(await readPrivateFile(index))) {
        const one = bySha256.get(sha256) ?? (await moduleIn(folder, sha256));
        if (one === undefined) continue;
        bySha256.set(sha256, one);
        inOrder.add(sha256);
        modules.set(key, one);
      }
      return modules;
    },
    save: async (modules) => {
      const bySha256 = new Map([...modules.values()].map((one) => [one.sha256, one]));
      await makePrivateDirectory(folder);
      for (const [sha256, { code }] of bySha256) {
        if (inOrder.has(sha256)) continue;
        await writePrivateFile(join(folder, sha256), Buffer.from(code));
        inOrder.add(sha256);
      }
      // Before what it said before is gone, and after what it says is there.
      const said = [...modules].map(([key, { sha256 }]) => [key, sha256]);
      await writePrivateFile(index, JSON.stringify(Object.fromEntries(said)));
      for (const name of await readdir(folder)) {
        if (bySha256.has(name)) continue;
        inOrder.delete(name);
        await removePrivateFile(join(folder, name));
      }
    },
  };
}

/** Whose modules are there; of nobody when that is not in order, since all of them can be fetched again. */
function entriesIn(text: Buffer | undefined): readonly (readonly [key: string, sha256: string])[] {
  const value = parseJson(text?.toString("utf8") ?? "");
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && SHA256.test(entry[1]),
  );
}

async function moduleIn(folder: string, sha256: string): Promise<FetchedModule | undefined> {
  const code = await readPrivateFile(join(folder, sha256), MAX_MODULE_BYTES);
  return code !== undefined && sha256Of(code) === sha256 ? { sha256, code } : undefined;
}
