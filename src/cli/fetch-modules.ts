/** What `--fetch-modules` is for. */
export const FETCH_MODULES =
  "a host that the Wasm modules of plugins may be fetched from: HOST, HOST:PORT or *.DOMAIN; repeatable";
/** What `--fetch-roots` is for. */
export const FETCH_ROOTS = "roots of the certificates of those hosts, beside the usual ones";
