// What no part of a URL can have.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;
const SCHEME = /^([a-z][-+.a-z0-9]*):/i;
const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i;
const USER = /^[-\w.:~!$&'()*+,;=%@]*$/;
/** The characters of ASCII are written as they are in a host. */
const HOST = /^(?:[-\w.~!$&'()*+,;=:[\]<>"\u0080-\uffff]|%[89a-f][0-9a-f])*$/i;

/** The scheme of a URL, in small letters; undefined of what begins with none. */
export function schemeOf(url: string): string | undefined {
  return SCHEME.exec(url)?.[1]?.toLowerCase();
}

/**
 * Why a text is no URL, with a scheme or a path that begins with a slash, as Go's net/url reads it (RFC 3986), which Istio
 * asks. It takes more than browsers do, which forgive other things.
 */
export function urlProblem(url: string): string | undefined {
  if (CONTROL.test(url)) return "a URL cannot have control characters";
  const scheme = SCHEME.exec(url)?.[0] ?? "";
  const rest = url.slice(scheme.length);
  if (!rest.startsWith("/")) {
    return scheme === "" ? `"${url}" is no URL: it has no scheme, such as https` : undefined;
  }
  const [, authority = "", path = ""] = /^(?:\/\/([^/?]*))?([^?]*)/.exec(rest) ?? [];
  if (BROKEN_ESCAPE.test(path))
    return `"${url}" is no URL: % needs two hexadecimal digits behind it`;
  return isAuthority(authority) ? undefined : `"${url}" is no URL: "${authority}" is no host`;
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf("@");
  const user = authority.slice(0, Math.max(at, 0));
  const host = authority.slice(at + 1);
  return USER.test(user) && !BROKEN_ESCAPE.test(user) && HOST.test(host) && hasPort(host);
}

/** Whether there is nothing but a port, or no digit of one, behind the last colon, or behind an address in brackets. */
function hasPort(host: string): boolean {
  if (host.startsWith("[")) return /^\[[^\]]*\](:\d*)?$/.test(host);
  return !host.includes(":") || /:\d*$/.test(host);
}
