/** Who makes a request: the attributes of the principals of Envoy's RBAC. */
import type { AuthorizationSource } from "../../config/kinds/security/authorization-fields.js";
import { cidrRange } from "../address.js";
import type { MetadataMatcherJson, PrincipalJson, StringMatcherJson } from "../api.js";
import {
  type Algebra,
  type Attribute,
  type AttributeTest,
  attributeTest,
  type MetadataTest,
  memberName,
} from "./attribute.js";
import { anyValue, bracketedClaim, claimMatcher, claimOrMemberMatcher } from "./jwt-claims.js";
import {
  namespacePattern,
  principalPattern,
  serviceAccountPattern,
  trustDomainPattern,
} from "./peer-identity.js";
import { issuersAndSubjects } from "./request-principal.js";
import { withAliases, withDomainAliases } from "./trust-domains.js";
import { headerListPattern, headerPattern, stringPattern } from "./value-pattern.js";

type Match = (value: string) => PrincipalJson;

const either = (ids: readonly PrincipalJson[]): PrincipalJson => ({ orIds: { ids: [...ids] } });

/** How principals are put together. */
export const PRINCIPALS: Algebra<PrincipalJson> = {
  any: { any: true },
  all: (ids) => ({ andIds: { ids: [...ids] } }),
  not: (notId) => ({ notId }),
};

const onConnection = (match: Match): Attribute<PrincipalJson> => ({
  httpOnly: false,
  oneOf: (values) => either(values.map(match)),
});

const ofRequest = (oneOf: Attribute<PrincipalJson>["oneOf"]): Attribute<PrincipalJson> => ({
  httpOnly: true,
  oneOf,
});

const authenticated = (principalName: StringMatcherJson): PrincipalJson => ({
  authenticated: { principalName },
});

const metadata = (matcher: MetadataMatcherJson): MetadataTest => ({ metadata: matcher });

const SOURCE_IP = onConnection((value) => ({ directRemoteIp: cidrRange(value) }));
const REMOTE_IP = onConnection((value) => ({ remoteIp: cidrRange(value) }));
const NAMESPACE = onConnection((value) => authenticated(namespacePattern(value)));

const serviceAccount = (policyNamespace: string): Attribute<PrincipalJson> =>
  onConnection((value) => authenticated(serviceAccountPattern(value, policyNamespace)));

const principal = (trustDomains: readonly string[]): Attribute<PrincipalJson> => ({
  httpOnly: false,
  oneOf: (values) =>
    either(
      withAliases(values, trustDomains).map((value) => authenticated(principalPattern(value))),
    ),
});

const trustDomain = (trustDomains: readonly string[]): Attribute<PrincipalJson> => ({
  httpOnly: false,
  oneOf: (values) =>
    either(
      withDomainAliases(values, trustDomains).map((value) =>
        authenticated(trustDomainPattern(value)),
      ),
    ),
});

function requestPrincipal(value: string): readonly PrincipalJson[] {
  return issuersAndSubjects(value).map(({ iss, sub }) =>
    PRINCIPALS.all([
      metadata(claimMatcher(["iss"], { stringMatch: iss })),
      metadata(claimMatcher(["sub"], { stringMatch: sub })),
    ]),
  );
}

const REQUEST_PRINCIPAL = ofRequest((values) => {
  const all = values.flatMap(requestPrincipal);
  const [only] = all;
  return only !== undefined && all.length === 1 ? only : either(all);
});

const claim = (path: readonly string[]): Attribute<PrincipalJson> =>
  ofRequest((values) => {
    const matchers = values.map((value) => ({ stringMatch: stringPattern(value) }));
    return metadata(claimOrMemberMatcher(path, anyValue(matchers)));
  });

const HEADERS = "request.headers";
const HEADER_LISTS = "request.experimental.inline.headers";
const CLAIMS = "request.auth.claims";

/** What the attributes of a policy depend on beside the policy's rules. */
export interface PrincipalContext {
  readonly policyNamespace: string;
  /** The mesh's, its own first. */
  readonly trustDomains: readonly string[];
}

function member(key: string): Attribute<PrincipalJson> | undefined {
  const header = key.startsWith(HEADERS) ? memberName(key, HEADERS) : undefined;
  if (header !== undefined) {
    return ofRequest((values) =>
      either(values.map((value) => ({ header: headerPattern(header, value) }))),
    );
  }
  const list = key.startsWith(HEADER_LISTS) ? memberName(key, HEADER_LISTS) : undefined;
  if (list !== undefined) {
    return ofRequest((values) =>
      either(values.map((value) => ({ header: headerListPattern(list, value) }))),
    );
  }
  const path = key.startsWith(CLAIMS) ? bracketedClaim(key.slice(CLAIMS.length)) : undefined;
  return path === undefined ? undefined : claim(path);
}

/** The attribute of who makes a request that a condition's key names; undefined when it names none. */
export function principalAttribute(
  key: string,
  { policyNamespace, trustDomains }: PrincipalContext,
): Attribute<PrincipalJson> | undefined {
  switch (key) {
    case "source.ip":
      return SOURCE_IP;
    case "remote.ip":
      return REMOTE_IP;
    case "source.namespace":
      return NAMESPACE;
    case "source.serviceAccount":
      return serviceAccount(policyNamespace);
    case "source.principal":
      return principal(trustDomains);
    case "source.trustDomain":
      return trustDomain(trustDomains);
    case "request.auth.principal":
      return REQUEST_PRINCIPAL;
    case "request.auth.audiences":
      return claim(["aud"]);
    case "request.auth.presenter":
      return claim(["azp"]);
    default:
      return member(key);
  }
}

/** What a source asks, in Istio's order. */
export function sourceTests(
  source: AuthorizationSource,
  { policyNamespace, trustDomains }: PrincipalContext,
): readonly AttributeTest<PrincipalJson>[] {
  return [
    ...attributeTest(principal(trustDomains), source.principals, source.notPrincipals),
    ...attributeTest(REQUEST_PRINCIPAL, source.requestPrincipals, source.notRequestPrincipals),
    ...attributeTest(
      serviceAccount(policyNamespace),
      source.serviceAccounts,
      source.notServiceAccounts,
    ),
    ...attributeTest(trustDomain(trustDomains), source.trustDomains, source.notTrustDomains),
    ...attributeTest(NAMESPACE, source.namespaces, source.notNamespaces),
    ...attributeTest(REMOTE_IP, source.remoteIpBlocks, source.notRemoteIpBlocks),
    ...attributeTest(SOURCE_IP, source.ipBlocks, source.notIpBlocks),
  ];
}
