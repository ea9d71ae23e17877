/** Opens what keeps what was good before it was refused, in a file of the state directory. */
import { join } from "node:path";
import type { Logger } from "pino";
import { readPrivateFile, writePrivateFile } from "../../ca/private-file.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { type KeptGood, keepGood } from "./last-good.js";
import { decodeLastGood, encodeLastGood } from "./last-good-file.js";

/** Below the state directory. */
const FILE = "last-good.json";
/** More than is ever saved, each character of which may take several bytes. */
const MAX_BYTES = 16 * 2 ** 20;

/** Where it is kept, and the configuration at the start. */
export interface OpenLastGoodOptions {
  readonly stateDir: string;
  readonly tables: ResourceTables;
  readonly logger: Logger;
}

/**
 * That of a control plane.
 * @throws StateFileError
 */
export async function openLastGood({
  stateDir,
  tables,
  logger,
}: OpenLastGoodOptions): Promise<KeptGood> {
  const file = join(stateDir, FILE);
  const text = (await readPrivateFile(file, MAX_BYTES))?.toString("utf8");
  return keepGood({
    saved: text === undefined ? [] : decodeLastGood(text),
    tables,
    save: (kept) => writePrivateFile(file, encodeLastGood(kept)),
    onError: (error) => {
      logger.error({ err: error }, "cannot keep what was good before it was refused");
    },
  });
}
