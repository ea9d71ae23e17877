import type { Severity } from "../base/diagnostic.js";

/** What a code of Istio's stands for. */
export interface MessageType {
  /** Istio's name of it. */
  readonly name: string;
  readonly severity: Severity;
}

const error = (name: string): MessageType => ({ name, severity: "error" });
const warning = (name: string): MessageType => ({ name, severity: "warning" });
const note = (name: string): MessageType => ({ name, severity: "note" });

/** Every code that Istio's analysis has, with its level: see Istio, "Configuration Analysis Messages". */
export const MESSAGES = {
  IST0001: error("InternalError"),
  IST0002: warning("Deprecated"),
  IST0101: error("ReferencedResourceNotFound"),
  IST0102: note("NamespaceNotInjected"),
  IST0103: warning("PodMissingProxy"),
  IST0106: error("SchemaValidationError"),
  IST0107: warning("MisplacedAnnotation"),
  IST0108: warning("UnknownAnnotation"),
  IST0109: error("ConflictingMeshGatewayVirtualServiceHosts"),
  IST0110: error("ConflictingSidecarWorkloadSelectors"),
  IST0111: error("MultipleSidecarsWithoutWorkloadSelectors"),
  IST0112: error("VirtualServiceDestinationPortSelectorRequired"),
  IST0116: warning("DeploymentAssociatedToMultipleServices"),
  IST0118: note("PortNameIsNotUnderNamingConvention"),
  IST0123: warning("NamespaceMultipleInjectionLabels"),
  IST0125: warning("InvalidAnnotation"),
  IST0126: error("UnknownMeshNetworksServiceRegistry"),
  IST0127: warning("NoMatchingWorkloadsFound"),
  IST0128: warning("NoServerCertificateVerificationDestinationLevel"),
  IST0129: warning("NoServerCertificateVerificationPortLevel"),
  IST0130: warning("VirtualServiceUnreachableRule"),
  IST0131: note("VirtualServiceIneffectiveMatch"),
  IST0132: warning("VirtualServiceHostNotFoundInGateway"),
  IST0133: warning("SchemaWarning"),
  IST0134: warning("ServiceEntryAddressesRequired"),
  IST0135: note("DeprecatedAnnotation"),
  IST0136: note("AlphaAnnotation"),
  IST0137: warning("DeploymentConflictingPorts"),
  IST0138: warning("GatewayDuplicateCertificate"),
  IST0139: error("InvalidWebhook"),
  IST0140: warning("IngressRouteRulesNotAffected"),
  IST0141: error("InsufficientPermissions"),
  IST0142: error("UnsupportedKubernetesVersion"),
  IST0143: error("LocalhostListener"),
  IST0144: warning("InvalidApplicationUID"),
  IST0145: error("ConflictingGateways"),
  IST0146: warning("ImageAutoWithoutInjectionWarning"),
  IST0147: error("ImageAutoWithoutInjectionError"),
  IST0148: note("NamespaceInjectionEnabledByDefault"),
  IST0149: error("JwtClaimBasedRoutingWithoutRequestAuthN"),
  IST0150: warning("ExternalNameServiceTypeInvalidPortName"),
  IST0151: warning("EnvoyFilterUsesRelativeOperation"),
  IST0152: error("EnvoyFilterUsesReplaceOperationIncorrectly"),
  IST0153: error("EnvoyFilterUsesAddOperationIncorrectly"),
  IST0154: error("EnvoyFilterUsesRemoveOperationIncorrectly"),
  IST0155: warning("EnvoyFilterUsesRelativeOperationWithProxyVersion"),
  IST0156: error("UnsupportedGatewayAPIVersion"),
  IST0157: warning("InvalidTelemetryProvider"),
  IST0158: warning("PodsIstioProxyImageMismatchInNamespace"),
  IST0159: error("ConflictingTelemetryWorkloadSelectors"),
  IST0160: error("MultipleTelemetriesWithoutWorkloadSelectors"),
  IST0161: error("InvalidGatewayCredential"),
  IST0162: warning("GatewayPortNotDefinedOnService"),
  IST0163: warning("InvalidExternalControlPlaneConfig"),
  IST0164: note("ExternalControlPlaneAddressIsNotAHostname"),
  IST0165: warning("ReferencedInternalGateway"),
  IST0166: warning("IneffectiveSelector"),
  IST0167: warning("IneffectivePolicy"),
  IST0168: warning("UnknownUpgradeCompatibility"),
  IST0169: warning("UpdateIncompatibility"),
  IST0170: warning("MultiClusterInconsistentService"),
  IST0171: warning("NegativeConditionStatus"),
  IST0172: warning("FutureUnsupportedGatewayAPIVersion"),
  IST0173: error("DestinationRuleSubsetNotSelectPods"),
  IST0174: warning("UnknownDestinationRuleHost"),
  IST0175: warning("JwksUriFetchUnrestricted"),
  IST0176: warning("GatewayAPICRDVersionBelowMinimum"),
  IST0177: warning("ConflictingServiceEntryProtocol"),
  IST0178: warning("EnvoyFilterMayClearRouteCache"),
  IST0179: warning("UnsupportedDestinationRuleWorkloadSelector"),
} as const satisfies Readonly<Record<string, MessageType>>;

/** The codes of fairlead's own analyzers, with their levels: for what Istio's do not look for. */
const OWN_CODES = {
  "forgeable-header": "warning",
  "host-not-called": "warning",
  "other-name": "warning",
  "several-providers": "warning",
  "unasked-policy": "warning",
  "unreachable-match": "warning",
  "unseen-by-gateway": "warning",
} as const satisfies Readonly<Record<string, Severity>>;

/** A code of an analysis. */
export type MessageCode = keyof typeof MESSAGES | keyof typeof OWN_CODES;

/** How bad it is what a code stands for. */
export function severityOf(code: MessageCode): Severity {
  return code in OWN_CODES
    ? OWN_CODES[code as keyof typeof OWN_CODES]
    : MESSAGES[code as keyof typeof MESSAGES].severity;
}
