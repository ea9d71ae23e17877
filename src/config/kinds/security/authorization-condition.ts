import { didYouMean } from "../../../base/text/closest-word.js";
import type { Path } from "../../kind.js";
import { list, optional, strict, Text, type ValueOf } from "../value/fields.js";
import { type Findings, invalid } from "../value/findings.js";
import {
  checkIps,
  checkNotEmpty,
  checkPorts,
  checkPrincipals,
  checkServiceAccounts,
  checkTrustDomains,
} from "./authorization-fields.js";

/** A further condition on an attribute of a request. */
export type AuthorizationCondition = ValueOf<typeof AuthorizationCondition>;
export const AuthorizationCondition = strict({
  key: Text,
  values: optional(list(Text)),
  notValues: optional(list(Text)),
});

type CheckValues = (values: readonly string[] | undefined, path: Path) => Findings;

/** The attributes that can be asked about, with what their values have to be beside not empty. */
const ATTRIBUTES: Readonly<Record<string, CheckValues>> = {
  "source.ip": checkIps,
  "remote.ip": checkIps,
  "source.namespace": anything,
  "source.serviceAccount": checkServiceAccounts,
  "source.principal": checkPrincipals,
  "source.trustDomain": checkTrustDomains,
  "request.auth.principal": anything,
  "request.auth.audiences": anything,
  "request.auth.presenter": anything,
  "destination.ip": checkIps,
  "destination.port": checkPorts,
  "connection.sni": anything,
};

/** The attributes with members: `request.headers[User-Agent]`. */
const FAMILIES: readonly string[] = [
  "request.headers",
  "request.experimental.inline.headers",
  "request.auth.claims",
  "experimental.envoy.filters.",
];

/** An attribute that can be asked about, with values that it can have. */
export function* checkCondition(condition: AuthorizationCondition, path: Path): Findings {
  const { key, values = [], notValues = [] } = condition;
  if (key === "") {
    yield invalid([...path, "key"], "the key of a condition cannot be empty");
    return;
  }
  if (values.length + notValues.length === 0) {
    yield invalid(path, `the condition on ${key} is empty: give values or notValues`);
  }
  const problem = keyProblem(key);
  if (problem !== undefined) yield invalid([...path, "key"], problem);
  const checkValues = (isAttribute(key) ? ATTRIBUTES[key] : undefined) ?? anything;
  for (const field of ["values", "notValues"] as const) {
    yield* checkNotEmpty(condition[field], [...path, field]);
    yield* checkValues(condition[field], [...path, field]);
  }
}

function keyProblem(key: string): string | undefined {
  if (isAttribute(key)) return undefined;
  const family = FAMILIES.find((prefix) => key.startsWith(prefix));
  if (family !== undefined) {
    return /^[^[]+\[.+\]$/.test(key) ? undefined : `"${key}" has to name a member: ${family}[NAME]`;
  }
  const known = [...Object.keys(ATTRIBUTES), ...FAMILIES.map((prefix) => `${prefix}[NAME]`)];
  return `unknown attribute "${key}"${didYouMean(key, known)}`;
}

function isAttribute(key: string): boolean {
  return Object.hasOwn(ATTRIBUTES, key);
}

function anything(): Findings {
  return [];
}
