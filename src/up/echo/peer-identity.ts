/**
 * Who called, from the `x-forwarded-client-cert` header that the sidecar in front of an application sets: the URI SAN of
 * the nearest client's certificate, or undefined when the header is absent or names none.
 *
 * The header is a list of elements, one for each proxy on the way, the nearest last; an element is `Key=Value` pairs
 * joined by `;`, and a value with a comma, semicolon or equals sign in it is quoted. See Envoy's documentation,
 * "HTTP header manipulation", x-forwarded-client-cert.
 */
export function peerIdentity(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const nearest = splitOutsideQuotes(header, ",").at(-1) ?? "";
  const uri = splitOutsideQuotes(nearest, ";").find((pair) => /^\s*uri=/i.test(pair));
  if (uri === undefined) return undefined;
  return unquote(uri.slice(uri.indexOf("=") + 1).trim());
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "\\" && quoted) i++;
    else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  return value.slice(1, -1).replace(/\\(.)/g, "$1");
}
