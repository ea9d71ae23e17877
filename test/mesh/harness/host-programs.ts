/** What tests run on hosts of their own, where nothing of this process is. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findEnvoy } from "../../../src/up/envoy/envoy-binary.js";
import { INSTALLATION } from "./places.js";

/** The command line, for Node. */
export const MAIN = join(INSTALLATION, "dist", "main.js");

/** An application, for Node; its arguments are its name, its port and, if not all of the host's, the address it listens on. */
export const APPLICATION = fileURLToPath(new URL("./application.mjs", import.meta.url));

/** The file of the Envoy that the tests run. */
export async function envoyFile(): Promise<string> {
  const { file } = await findEnvoy({
    named: process.env["FAIRLEAD_ENVOY"],
    path: process.env["PATH"],
    installation: INSTALLATION,
  });
  return file;
}
