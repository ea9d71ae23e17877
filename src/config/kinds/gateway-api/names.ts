/** How resources of Kubernetes' Gateway API name each other, and the hosts that they are for. */
import type { Path } from "../../kind.js";
import { isDnsLabel, isIpAddress } from "../value/dns-names.js";
import { type Findings, given, refuse } from "../value/findings.js";

/** The API group of all kinds of the Gateway API. */
export const GATEWAY_API_GROUP = "gateway.networking.k8s.io";
/** The group of kinds that are not yet of it. */
export const EXPERIMENTAL_GROUP = "gateway.networking.x-k8s.io";

const KIND = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/i;
const MAX_LENGTH = 253;

const isLowerCase = (text: string): boolean => text === text.toLowerCase();

/** Why a text is no domain name in lower case of at most 253 characters. */
function subdomainProblem(text: string): string | undefined {
  const isOne = text.length <= MAX_LENGTH && isLowerCase(text) && text.split(".").every(isDnsLabel);
  return isOne
    ? undefined
    : `"${text}" has to be of lower-case letters, digits, - and ., and begin and end with a letter or digit`;
}

function namespaceProblem(text: string): string | undefined {
  return isLowerCase(text) && isDnsLabel(text) ? undefined : `"${text}" is no name of a namespace`;
}

/** A host, or `*.` and a domain of which it is any; no IP address. */
export function hostnameProblem(text: string): string | undefined {
  const domain = text.startsWith("*.") ? text.slice(2) : text;
  return preciseHostnameProblem(domain);
}

/** A host without a wildcard; no IP address. */
export function preciseHostnameProblem(text: string): string | undefined {
  if (isIpAddress(text)) return `"${text}" is an IP address: a host is named`;
  return subdomainProblem(text);
}

/** The name of a listener or of a rule. */
export function checkSectionName(name: string, path: Path): Findings {
  return refuse(path, subdomainProblem(name));
}

/** The parts by which another resource is named. */
interface NamingFields {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** A group, kind, namespace and name, as far as they are given, that can be those of a resource. */
export function* checkReference(reference: NamingFields, path: Path): Findings {
  yield* given(reference.group, [...path, "group"], (group, at) =>
    refuse(at, group === "" ? undefined : subdomainProblem(group)),
  );
  yield* given(reference.kind, [...path, "kind"], (kind, at) =>
    refuse(at, KIND.test(kind) ? undefined : `"${kind}" is no name of a kind`),
  );
  yield* given(reference.namespace, [...path, "namespace"], (namespace, at) =>
    refuse(at, namespaceProblem(namespace)),
  );
  yield* given(reference.name, [...path, "name"], (name, at) =>
    refuse(
      at,
      name.length <= MAX_LENGTH ? undefined : `a name has at most ${MAX_LENGTH} characters`,
    ),
  );
}
