import type { Analyzer } from "./analyzer.js";
import { alphaAnnotationAnalyzer } from "./analyzers/alpha-annotations.js";
import { annotationAnalyzer } from "./analyzers/annotations.js";
import { applicationUidAnalyzer } from "./analyzers/application-uid.js";
import { authorizationPolicyAnalyzer } from "./analyzers/authorization-policies.js";
import { conditionAnalyzer } from "./analyzers/conditions.js";
import { conflictingGatewayAnalyzer } from "./analyzers/conflicting-gateways.js";
import { deprecationAnalyzer } from "./analyzers/deprecations.js";
import { destinationHostAnalyzer } from "./analyzers/destination-hosts.js";
import { destinationSubsetAnalyzer } from "./analyzers/destination-subsets.js";
import { destinationTlsAnalyzer } from "./analyzers/destination-tls.js";
import { envoyPatchAnalyzer } from "./analyzers/envoy-patches.js";
import { externalControlPlaneAnalyzer } from "./analyzers/external-control-plane.js";
import { forgeableHeaderAnalyzer } from "./analyzers/forgeable-headers.js";
import { gatewayApiVersionAnalyzer } from "./analyzers/gateway-api-versions.js";
import { gatewayCertificateAnalyzer } from "./analyzers/gateway-certificates.js";
import { gatewayPortAnalyzer } from "./analyzers/gateway-ports.js";
import { gatewaySecretAnalyzer } from "./analyzers/gateway-secrets.js";
import { gatewaySelectorAnalyzer } from "./analyzers/gateway-selectors.js";
import { imageAutoAnalyzer } from "./analyzers/image-auto.js";
import { injectionAnalyzer } from "./analyzers/injection.js";
import { jwksFetchAnalyzer } from "./analyzers/jwks-fetches.js";
import { jwtClaimRouteAnalyzer } from "./analyzers/jwt-claim-routes.js";
import { lookedUpDestinationAnalyzer } from "./analyzers/looked-up-destinations.js";
import { meshHostAnalyzer } from "./analyzers/mesh-hosts.js";
import { meshNetworksAnalyzer } from "./analyzers/mesh-networks.js";
import { otherNameAnalyzer } from "./analyzers/other-names.js";
import { passedThroughPolicyAnalyzer } from "./analyzers/passed-through-policies.js";
import { portNameAnalyzer } from "./analyzers/port-names.js";
import { proxyImageAnalyzer } from "./analyzers/proxy-images.js";
import { routeCacheAnalyzer } from "./analyzers/route-caches.js";
import { routeGatewayAnalyzer } from "./analyzers/route-gateways.js";
import { routeSubsetAnalyzer } from "./analyzers/route-subsets.js";
import { schemaAnalyzers } from "./analyzers/schemas.js";
import { serviceEntryAddressAnalyzer } from "./analyzers/service-entry-addresses.js";
import { serviceEntryProtocolAnalyzer } from "./analyzers/service-entry-protocols.js";
import { servicePortAnalyzer } from "./analyzers/service-ports.js";
import { severalAuthorizersAnalyzer } from "./analyzers/several-authorizers.js";
import { sidecarSelectorAnalyzer } from "./analyzers/sidecar-selectors.js";
import { telemetryDefaultAnalyzer } from "./analyzers/telemetry-defaults.js";
import { telemetryLightstepAnalyzer } from "./analyzers/telemetry-lightstep.js";
import { telemetryProviderAnalyzer } from "./analyzers/telemetry-providers.js";
import { telemetrySelectorAnalyzer } from "./analyzers/telemetry-selectors.js";
import { unreachableMatchAnalyzer } from "./analyzers/unreachable-matches.js";
import { waypointRuleAnalyzer } from "./analyzers/waypoint-rules.js";
import { webhookAnalyzer } from "./analyzers/webhooks.js";

/** The analyzers that run unless others are asked for. */
export const DEFAULT_ANALYZERS: readonly Analyzer[] = [
  annotationAnalyzer,
  applicationUidAnalyzer,
  authorizationPolicyAnalyzer,
  conditionAnalyzer,
  conflictingGatewayAnalyzer,
  deprecationAnalyzer,
  destinationHostAnalyzer,
  destinationSubsetAnalyzer,
  destinationTlsAnalyzer,
  envoyPatchAnalyzer,
  externalControlPlaneAnalyzer,
  forgeableHeaderAnalyzer,
  gatewayApiVersionAnalyzer,
  gatewayCertificateAnalyzer,
  gatewayPortAnalyzer,
  gatewaySecretAnalyzer,
  gatewaySelectorAnalyzer,
  imageAutoAnalyzer,
  injectionAnalyzer,
  jwksFetchAnalyzer,
  jwtClaimRouteAnalyzer,
  lookedUpDestinationAnalyzer,
  meshHostAnalyzer,
  meshNetworksAnalyzer,
  otherNameAnalyzer,
  passedThroughPolicyAnalyzer,
  portNameAnalyzer,
  proxyImageAnalyzer,
  routeCacheAnalyzer,
  routeGatewayAnalyzer,
  routeSubsetAnalyzer,
  ...schemaAnalyzers,
  serviceEntryAddressAnalyzer,
  serviceEntryProtocolAnalyzer,
  servicePortAnalyzer,
  severalAuthorizersAnalyzer,
  sidecarSelectorAnalyzer,
  telemetryDefaultAnalyzer,
  telemetryLightstepAnalyzer,
  telemetryProviderAnalyzer,
  telemetrySelectorAnalyzer,
  unreachableMatchAnalyzer,
  waypointRuleAnalyzer,
  webhookAnalyzer,
];

/** All of them; those that run only when they are asked for tell more than most people want to know. */
export const ANALYZERS: readonly Analyzer[] = [...DEFAULT_ANALYZERS, alphaAnnotationAnalyzer];
