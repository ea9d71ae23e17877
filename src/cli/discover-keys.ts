/** What `--discover-keys` is for. */
export const DISCOVER_KEYS =
  "a host whose issuers of requests' tokens are asked where their keys are: HOST, HOST:PORT or *.DOMAIN; repeatable";
/** What `--discover-roots` is for. */
export const DISCOVER_ROOTS = "roots of the certificates of those hosts, beside the usual ones";
