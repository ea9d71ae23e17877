import ipaddr from "ipaddr.js";
import type { Path } from "../../kind.js";
import { subnetProblem } from "../value/addresses.js";
import { list, optional, strict, Text, type ValueOf } from "../value/fields.js";
import { doubtful, each, type Findings, invalid, refuse } from "../value/findings.js";

const texts = optional(list(Text));

/** Who a request comes from; all fields that are given hold. */
export type AuthorizationSource = ValueOf<typeof AuthorizationSource>;
export const AuthorizationSource = strict({
  principals: texts,
  notPrincipals: texts,
  requestPrincipals: texts,
  notRequestPrincipals: texts,
  namespaces: texts,
  notNamespaces: texts,
  /** `name` in the own namespace, or `namespace/name`. */
  serviceAccounts: texts,
  notServiceAccounts: texts,
  ipBlocks: texts,
  notIpBlocks: texts,
  remoteIpBlocks: texts,
  notRemoteIpBlocks: texts,
  trustDomains: texts,
  notTrustDomains: texts,
});

/** What a request does; all fields that are given hold. */
export type AuthorizationOperation = ValueOf<typeof AuthorizationOperation>;
export const AuthorizationOperation = strict({
  hosts: texts,
  notHosts: texts,
  ports: texts,
  notPorts: texts,
  methods: texts,
  notMethods: texts,
  paths: texts,
  notPaths: texts,
});

/** The fields of a source that a connection of plain TCP does not have. */
export const HTTP_ONLY_SOURCES: readonly string[] = ["requestPrincipals", "notRequestPrincipals"];

/** Something to compare with, addresses and accounts that can be, and one way to say which workload. */
export function* checkSource(source: AuthorizationSource, path: Path): Findings {
  yield* checkValues(source, path, "source");
  for (const field of ["ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"] as const) {
    yield* checkIps(source[field], [...path, field]);
  }
  for (const field of ["trustDomains", "notTrustDomains"] as const) {
    yield* checkTrustDomains(source[field], [...path, field]);
  }
  for (const field of ["principals", "notPrincipals"] as const) {
    yield* checkPrincipals(source[field], [...path, field]);
  }
  const accounts = ["serviceAccounts", "notServiceAccounts"] as const;
  for (const field of accounts) yield* checkServiceAccounts(source[field], [...path, field]);
  const { principals, notPrincipals, namespaces, notNamespaces } = source;
  const others = [principals, notPrincipals, namespaces, notNamespaces];
  if (others.some((values) => (values ?? []).length > 0)) {
    for (const field of accounts.filter((name) => (source[name] ?? []).length > 0)) {
      yield invalid([...path, field], `${field} excludes namespaces and principals`);
    }
  }
}

/** Something to compare with, and ports and paths that can be. */
export function* checkOperation(operation: AuthorizationOperation, path: Path): Findings {
  yield* checkValues(operation, path, "operation");
  for (const field of ["ports", "notPorts"] as const) {
    yield* checkPorts(operation[field], [...path, field]);
  }
  for (const field of ["paths", "notPaths"] as const) {
    yield* each(operation[field], [...path, field], checkPath);
  }
  for (const field of ["methods", "notMethods"] as const) {
    yield* each(operation[field], [...path, field], checkMethod);
  }
}

/** What a certificate has before the name that policies write. */
const SCHEME = "spiffe://";

/** Names as policies have them: one that is for nobody denies nobody, or lets nobody in. */
export function checkPrincipals(values: readonly string[] | undefined, path: Path): Findings {
  return each(values, path, function* (value, at) {
    if (!value.startsWith(SCHEME)) return;
    const name = value.slice(SCHEME.length);
    yield doubtful(at, `nobody is "${value}": principals are written without ${SCHEME}, "${name}"`);
  });
}

function* checkPath(value: string, path: Path): Findings {
  yield* refuse(path, pathTemplateProblem(value));
  if (value !== "" && !/^[/*{]/.test(value)) {
    yield doubtful(path, `no request has the path "${value}": paths begin with /`);
  }
}

/** Methods are compared as they are written. */
function* checkMethod(value: string, path: Path): Findings {
  const sent = value.toUpperCase();
  if (value !== sent && METHODS.includes(sent)) {
    yield doubtful(path, `no request has the method "${value}": write "${sent}"`);
  }
}

const METHODS: readonly string[] = "CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split(
  " ",
);

/** Texts of which none is empty. */
export function checkNotEmpty(values: readonly string[] | undefined, path: Path): Findings {
  return each(values, path, (value, at) =>
    refuse(at, value === "" ? "a value cannot be empty" : undefined),
  );
}

/** IP addresses and ranges of them. */
export function checkIps(values: readonly string[] | undefined, path: Path): Findings {
  return each(values, path, function* (value, at) {
    const problem = value === "" ? undefined : subnetProblem(value);
    if (problem !== undefined) yield invalid(at, problem);
    else if (isIpv4AsIpv6(value)) {
      yield doubtful(at, `no address is in ${value}: proxies know IPv4 addresses as IPv4 alone`);
    }
  });
}

/** Whether an address or range is of those that IPv6 has for IPv4 (RFC 4291, section 2.5.5.2), `::ffff:10.0.0.1`. */
function isIpv4AsIpv6(subnet: string): boolean {
  const [address = ""] = subnet.split("/");
  return ipaddr.IPv6.isValid(address) && ipaddr.IPv6.parse(address).isIPv4MappedAddress();
}

/** Numbers of ports. */
export function checkPorts(values: readonly string[] | undefined, path: Path): Findings {
  return each(values, path, (value, at) => {
    const valid = value === "" || (/^\d+$/.test(value) && Number(value) <= 65535);
    return refuse(at, valid ? undefined : `"${value}" is no port: 0 to 65535`);
  });
}

/** Trust domains, or their beginning or end: a wildcard is the first or the last character. */
export function checkTrustDomains(values: readonly string[] | undefined, path: Path): Findings {
  return each(values, path, (value, at) => {
    const valid = /^(\*?[^*/]*|[^*/]+\*)$/.test(value);
    return refuse(at, valid ? undefined : `"${value}" is no trust domain: * is first or last`);
  });
}

/** The most service accounts that can be asked about in one place. */
const MOST_SERVICE_ACCOUNTS = 16;

/** Service accounts by their names, with or without a namespace. */
export function* checkServiceAccounts(values: readonly string[] | undefined, path: Path): Findings {
  const count = values?.length ?? 0;
  if (count > MOST_SERVICE_ACCOUNTS) {
    yield invalid(path, `at most ${MOST_SERVICE_ACCOUNTS} service accounts, found ${count}`);
  }
  yield* each(values, path, (value, at) => {
    const valid = value === "" || (/^[^/*]+(\/[^/*]+)?$/.test(value) && value.length <= 320);
    const form = "NAME or NAMESPACE/NAME, without wildcards";
    return refuse(at, valid ? undefined : `"${value}" is no service account: ${form}`);
  });
}

function* checkValues(
  fields: Readonly<Record<string, readonly string[]>>,
  path: Path,
  what: string,
): Findings {
  const lists = Object.entries(fields);
  if (lists.every(([, values]) => values.length === 0)) {
    yield invalid(path, `the ${what} is empty: it has to ask for something`);
  }
  for (const [field, values] of lists) yield* checkNotEmpty(values, [...path, field]);
}

/**
 * Why a path is no template: `{*}` stands for a segment, and `{**}`, after which there is no other of the two, for any
 * number of them. A path without them may be a prefix or suffix, and braces are no part of either.
 */
function pathTemplateProblem(path: string): string | undefined {
  const segments = path.replace(/^\/+|\/+$/g, "").split("/");
  const isTemplate = path.includes("{*}") || path.includes("{**}");
  let ended = false;
  for (const segment of segments) {
    if (segment === "{*}" || segment === "{**}") {
      if (ended) return `"${path}" is no path template: {**} has to be the last of its wildcards`;
      ended = segment === "{**}";
    } else if (/[{}]/.test(segment)) {
      return `"${path}" is no path template: {*} and {**} stand for whole segments`;
    } else if (isTemplate && !/^[-\w.~%!$&'()+,;:@=]+$/.test(segment)) {
      return `"${path}" is no path template: "${segment}" has other characters than a path`;
    }
  }
  return undefined;
}
