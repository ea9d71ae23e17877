/** YAML of what tests run. The resources that a test is about stand in the test itself. */

/** How an application differs from the usual one. */
export interface ApplicationOptions {
  /** `default` when absent. */
  readonly namespace?: string;
  /** Pods of each version; 1 when absent. */
  readonly replicas?: number;
  /** A Deployment `NAME-VERSION` for each, its pods labelled by it; one Deployment `NAME` when absent. */
  readonly versions?: readonly string[];
  /** The name of the Service's port, which says what it carries; `http` when absent. */
  readonly portName?: string;
  /** The Service's port; 80 when absent. */
  readonly port?: number;
  /** Of its pods; none when absent. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A Service whose port leads to port 8080 of its pods, which are labelled `app: NAME` and run as the account NAME. */
export function application(name: string, options: ApplicationOptions = {}): string {
  const {
    namespace = "default",
    replicas = 1,
    versions = [],
    portName = "http",
    port = 80,
    annotations = {},
  } = options;
  const service = `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { app: ${name} }
  ports: [{ name: ${portName}, port: ${port}, targetPort: 8080 }]
`;
  const deployment = (version: string | undefined): string => {
    const workload = version === undefined ? name : `${name}-${version}`;
    const labels =
      version === undefined ? `{ app: ${name} }` : `{ app: ${name}, version: ${version} }`;
    return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${workload}, namespace: ${namespace} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: ${labels} }
  template:
    metadata: { labels: ${labels}, annotations: ${JSON.stringify(annotations)} }
    spec:
      serviceAccountName: ${name}
      containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }] }]
`;
  };
  const deployments = versions.length === 0 ? [deployment(undefined)] : versions.map(deployment);
  return documents(service, ...deployments);
}

/** The ConfigMap with the configuration of a mesh. */
export const meshConfiguration = (settings: object): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    ${JSON.stringify(settings)}
`;

/** Has all Envoys sum up their statistics, and tell them, each second; by itself an Envoy does it every five. */
export const EAGER_STATISTICS = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: eager-statistics, namespace: istio-system }
spec:
  configPatches:
  - applyTo: BOOTSTRAP
    patch: { operation: MERGE, value: { stats_flush_interval: 1s } }
`;

/** The configuration of a mesh in which sidecars are sent what they call, when they call it. */
export const ON_DEMAND = meshConfiguration({
  defaultConfig: { proxyMetadata: { ISTIO_META_ON_DEMAND_DISCOVERY: "true" } },
});

/** The Service of a gateway that is called by plain HTTP: its pods listen on port 8080. */
export const HTTP_GATEWAY_SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
`;

/** A gateway that takes plain HTTP for all hosts: the Gateway is `istio-system/edge`, its pods listen on port 8080. */
export const HTTP_GATEWAY = `${HTTP_GATEWAY_SERVICE}---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
`;

/** All requests at the Gateway `istio-system/edge` go to the service `called`. */
export const EDGE_TO_CALLED = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: istio-system }
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{ route: [{ destination: { host: called.default.svc.cluster.local } }] }]
`;

/**
 * A gateway with these servers of HTTPS on port 443, whose pods listen on port 8443: the Gateway is
 * `istio-system/my-gateway`, and sends what is for hosts of example.com to the service my-service.
 */
export const httpsGateway = (servers: string): string => `
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  ports: [{ name: https, port: 443, targetPort: 8443 }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: my-gateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers:${servers}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: from-outside }
spec:
  hosts: ["*.example.com"]
  gateways: [istio-system/my-gateway]
  http: [{ route: [{ destination: { host: my-service } }] }]
`;

/** A ServiceEntry of istio-system for hosts outside the mesh, all at one address. */
export const outsideHosts = (
  name: string,
  { hosts, address, port }: Readonly<{ hosts: string; address: string; port: string }>,
): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: istio-system }
spec:
  hosts: [${hosts}]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ ${port} }]
  endpoints: [{ address: ${address} }]
`;

/**
 * The sidecar of the application `called` ends TLS of its callers itself, and their sidecars begin it with certificates of
 * their own. Both are given fields of `tls`, but for its mode.
 */
export const tlsOfTheirOwn = (server: string, client: string): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: called }
spec:
  workloadSelector: { labels: { app: called } }
  ingress:
    - port: { number: 8080, protocol: HTTPS, name: https }
      defaultEndpoint: 0.0.0.0:8080
      tls: { mode: MUTUAL, ${server} }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: called }
spec:
  selector: { matchLabels: { app: called } }
  portLevelMtls: { 8080: { mode: DISABLE } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: called }
spec:
  host: called
  trafficPolicy:
    # Only what is shown on new connections is new.
    connectionPool: { http: { maxRequestsPerConnection: 1 } }
    tls: { mode: MUTUAL, ${client} }
`;

/** A Namespace whose label says whether its pods get sidecars. */
export function namespace(name: string, injection: "enabled" | "disabled"): string {
  return `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { istio-injection: ${injection} } }
`;
}

/** The text of one file with these documents. */
export function documents(...texts: readonly string[]): string {
  return texts.join("---");
}

/** A Deployment of one pod `NAME-0`, which has a sidecar or none. */
export const podDeployment = (
  name: string,
  own: string,
  labels: object,
  inject: boolean,
): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${own} }
spec:
  replicas: 1
  selector: { matchLabels: ${JSON.stringify(labels)} }
  template:
    metadata: { labels: ${JSON.stringify(labels)}, annotations: { sidecar.istio.io/inject: "${inject}" } }
    spec: { containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }] }] }
`;
