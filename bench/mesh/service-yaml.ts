/** The YAML of the services of a measured mesh, in its steady state and with an edit. */
import {
  endpointAddress,
  hostOf,
  type MeshShape,
  namespaceOf,
  SPLIT_EVERY,
  virtualAddress,
} from "./mesh-shape.js";

/** What the file of a service has that it has not in the steady state. */
export interface Edit {
  /** In place of the first endpoint's address. */
  readonly address?: string;
  /** In place of the value of the request header that the routes set; of services that are split. */
  readonly header?: string;
  /** One more subset of the DestinationRule; of services that are split. */
  readonly subset?: string;
}

/** The file of a service. */
export function serviceYaml(shape: MeshShape, service: number, edit: Edit = {}): string {
  const documents = [serviceEntry(shape, service)];
  for (let endpoint = 0; endpoint < shape.endpoints; endpoint++) {
    const moved = endpoint === 0 ? edit.address : undefined;
    const address = moved ?? endpointAddress(shape, service, endpoint);
    documents.push(workloadEntry(shape, service, endpoint, address));
  }
  if (service % SPLIT_EVERY === 0) {
    documents.push(destinationRule(shape, service, edit.subset));
    documents.push(virtualService(shape, service, edit.header ?? "steady"));
  }
  return documents.join("---\n");
}

/** Whether workloads want mutual TLS. */
export type MutualTls = "STRICT" | "DISABLE";

/** What holds for the whole mesh. */
export const meshWideYaml = (mode: MutualTls): string => `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: ${mode}}}
`;

function head(shape: MeshShape, service: number, kind: string, name = `svc-${service}`): string {
  return `apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespaceOf(shape, service)}}
`;
}

function serviceEntry(shape: MeshShape, service: number): string {
  return `${head(shape, service, "ServiceEntry")}spec:
  hosts: [${hostOf(shape, service)}]
  addresses: [${virtualAddress(service)}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]
  workloadSelector: {labels: {app: svc-${service}}}
`;
}

function workloadEntry(
  shape: MeshShape,
  service: number,
  endpoint: number,
  address: string,
): string {
  return `${head(shape, service, "WorkloadEntry", `svc-${service}-${endpoint}`)}spec:
  address: ${address}
  labels: {app: svc-${service}, version: ${versionOf(endpoint)}}
  serviceAccount: svc-${service}
`;
}

/** The version label of an endpoint: each second one is v2. */
export function versionOf(endpoint: number): string {
  return `v${(endpoint % 2) + 1}`;
}

function destinationRule(shape: MeshShape, service: number, subset: string | undefined): string {
  const more = subset === undefined ? "" : `  - {name: ${subset}, labels: {version: v1}}\n`;
  return `${head(shape, service, "DestinationRule")}spec:
  host: ${hostOf(shape, service)}
  trafficPolicy:
    connectionPool: {http: {http2MaxRequests: 1000}}
    outlierDetection: {consecutive5xxErrors: 7, interval: 30s}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
${more}`;
}

function virtualService(shape: MeshShape, service: number, header: string): string {
  const host = hostOf(shape, service);
  const headers = `{request: {set: {x-mark: ${header}}}}`;
  return `${head(shape, service, "VirtualService")}spec:
  hosts: [${host}]
  http:
  - match: [{uri: {prefix: /admin}, headers: {x-role: {exact: admin}}}]
    headers: ${headers}
    route: [{destination: {host: ${host}, subset: v2}}]
    timeout: 5s
  - retries: {attempts: 3, perTryTimeout: 2s, retryOn: "5xx,reset"}
    headers: ${headers}
    route:
    - {destination: {host: ${host}, subset: v1}, weight: 99}
    - {destination: {host: ${host}, subset: v2}, weight: 1}
`;
}
