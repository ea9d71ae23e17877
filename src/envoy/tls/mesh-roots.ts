/**
 * Roots that proxies get as secrets together with a revocation list in a file on their machine. Envoy watches a file that a secret
 * names; one that a listener names would be read again only when the roots change.
 */
import type { SecretJson } from "../api.js";
import { ROOT_SECRET } from "../names.js";

/** The name of the secret with some roots and a list; that of the roots alone where no list is given. */
export const listedRootsName = (roots: string, list = ""): string =>
  list === "" ? roots : `${roots}~${list}`;

/** Whether it is the name of the mesh's roots with a list. */
export const isListedMeshRoots = (name: string): boolean => name.startsWith(`${ROOT_SECRET}~`);

/** The secret of the mesh's roots with a list, but for the roots: these are added for each proxy. */
export const meshRootsList = (list: string): SecretJson => ({
  name: listedRootsName(ROOT_SECRET, list),
  validationContext: { crl: { filename: list } },
});
