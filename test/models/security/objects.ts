/** Istio's security policies as they are written, as far as the model reads them. */

/** Which workloads a policy is for, beside its namespace. */
export interface Targets {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly targetRef?: TargetReference;
  readonly targetRefs?: readonly TargetReference[];
}

export interface TargetReference {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
}

export interface Source {
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  readonly requestPrincipals?: readonly string[];
  readonly notRequestPrincipals?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly notNamespaces?: readonly string[];
  readonly serviceAccounts?: readonly string[];
  readonly notServiceAccounts?: readonly string[];
  readonly ipBlocks?: readonly string[];
  readonly notIpBlocks?: readonly string[];
  readonly remoteIpBlocks?: readonly string[];
  readonly notRemoteIpBlocks?: readonly string[];
}

export interface Operation {
  readonly hosts?: readonly string[];
  readonly notHosts?: readonly string[];
  readonly ports?: readonly string[];
  readonly notPorts?: readonly string[];
  readonly methods?: readonly string[];
  readonly notMethods?: readonly string[];
  readonly paths?: readonly string[];
  readonly notPaths?: readonly string[];
}

export interface Condition {
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

export interface Rule {
  readonly from?: readonly { readonly source: Source }[];
  readonly to?: readonly { readonly operation: Operation }[];
  readonly when?: readonly Condition[];
}

export interface AuthorizationPolicySpec extends Targets {
  readonly action?: "ALLOW" | "DENY" | "AUDIT" | "CUSTOM";
  readonly provider?: { readonly name: string };
  readonly rules?: readonly Rule[];
}

export interface JwtRule {
  readonly issuer: string;
  /** Keys as text (RFC 7517). */
  readonly jwks: string;
  readonly audiences?: readonly string[];
  readonly fromHeaders?: readonly { readonly name: string; readonly prefix?: string }[];
  readonly fromParams?: readonly string[];
  readonly fromCookies?: readonly string[];
  readonly forwardOriginalToken?: boolean;
}

export interface RequestAuthenticationSpec extends Targets {
  readonly jwtRules?: readonly JwtRule[];
}

export type TlsMode = "UNSET" | "DISABLE" | "PERMISSIVE" | "STRICT";

export interface PeerAuthenticationSpec extends Pick<Targets, "selector"> {
  readonly mtls?: { readonly mode?: TlsMode };
  readonly portLevelMtls?: Readonly<Record<string, { readonly mode?: TlsMode }>>;
}

/** A policy of one kind. */
interface Written<Kind extends string, Spec> {
  readonly apiVersion: "security.istio.io/v1";
  readonly kind: Kind;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
  };
  readonly spec: Spec;
}

export type AuthorizationPolicy = Written<"AuthorizationPolicy", AuthorizationPolicySpec>;
export type RequestAuthentication = Written<"RequestAuthentication", RequestAuthenticationSpec>;
export type PeerAuthentication = Written<"PeerAuthentication", PeerAuthenticationSpec>;
export type SecurityPolicy = AuthorizationPolicy | RequestAuthentication | PeerAuthentication;

/** What the configuration of the mesh has to do with policies. */
export interface MeshSettings {
  readonly rootNamespace: string;
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  readonly pathNormalization: "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";
}
