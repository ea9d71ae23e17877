import { join } from "node:path";
import type { IdentityFiles } from "../envoy/bootstrap/join-credential.js";

/** The files of a directory of which an agent is, or will be, in charge. */
export function identityFiles(directory: string): IdentityFiles {
  return {
    certificate: join(directory, "identity.json"),
    roots: join(directory, "roots.json"),
  };
}
