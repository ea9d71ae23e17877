/** URLs of calls that can be followed: of http and https, and `tcp://HOST:PORT` for bytes that are none of HTTP. */
export function isCalledUrl({ protocol, port }: URL): boolean {
  return protocol === "tcp:" ? port !== "" : /^https?:$/.test(protocol);
}
