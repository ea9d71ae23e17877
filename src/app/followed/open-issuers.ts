/** Opens what follows the issuers that policies name: how they are asked, and where what they say is kept. */
import { join } from "node:path";
import { systemClock } from "../../base/clock.js";
import { readPrivateFile, writePrivateFile } from "../../ca/private-file.js";
import { type AllowedHost, parseAllowedHost } from "../../net/allowed-host.js";
import { fetchDocument } from "../../oidc/fetch-document.js";
import { AppError } from "../app-error.js";
import type { ControlPlaneOptions } from "../control-plane-options.js";
import { type FollowedIssuers, followIssuers } from "./issuer-keys.js";
import { rootsWith } from "./roots-file.js";

/** Where discovered addresses are kept, below the state directory. */
const FILE = "issuer-keys.json";
/** How long an issuer may take to answer. */
const TIMEOUT_MS = 5000;

/**
 * Those of a control plane.
 * @throws StateFileError, AppError when a host is none, or the file of roots cannot be read
 */
export async function openIssuers({
  discoverKeys = [],
  discoverRootsFile,
  stateDir,
  logger,
}: ControlPlaneOptions): Promise<FollowedIssuers> {
  const file = join(stateDir, FILE);
  const roots = discoverRootsFile === undefined ? undefined : await rootsWith(discoverRootsFile);
  return followIssuers({
    hosts: discoverKeys.map(hostOf),
    fetch: (url, options) =>
      fetchDocument(url, { ...options, timeoutMs: TIMEOUT_MS, ...(roots && { roots }) }),
    storage: {
      load: async () => (await readPrivateFile(file))?.toString("utf8"),
      save: (text) => writePrivateFile(file, text),
    },
    clock: systemClock,
    onError: (error) => {
      logger.error({ err: error }, "cannot keep where the keys of issuers are");
    },
  });
}

function hostOf(text: string): AllowedHost {
  const host = parseAllowedHost(text);
  if (host !== undefined) return host;
  throw new AppError("host-unusable", `"${text}" is no host whose issuers can be asked`, {
    hint: "give HOST, HOST:PORT or *.DOMAIN with --discover-keys, such as login.example.com",
  });
}
