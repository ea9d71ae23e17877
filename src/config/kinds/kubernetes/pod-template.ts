import {
  Flag,
  Int32,
  lenient,
  list,
  oneOf,
  optional,
  PortNumber,
  PortOrName,
  Text,
  TextMap,
  Uint64,
  type ValueOf,
} from "../value/fields.js";

/** A port that a container listens on. */
export type ContainerPort = ValueOf<typeof ContainerPort>;
const ContainerPort = lenient({
  name: optional(Text),
  containerPort: PortNumber,
  protocol: optional(oneOf("TCP", "UDP", "SCTP")),
});

/** An environment variable of a container. */
export type EnvVar = ValueOf<typeof EnvVar>;
const EnvVar = lenient({ name: Text, value: optional(Text) });

/** How Kubernetes finds out whether a container can be sent traffic. */
export type ContainerProbe = ValueOf<typeof ContainerProbe>;
const ContainerProbe = lenient({
  httpGet: optional(
    lenient({
      path: optional(Text),
      port: PortOrName,
      host: optional(Text),
      scheme: optional(Text),
      httpHeaders: optional(list(lenient({ name: Text, value: Text }))),
    }),
  ),
  tcpSocket: optional(lenient({ port: PortOrName, host: optional(Text) })),
  grpc: optional(lenient({ port: PortNumber, service: optional(Text) })),
  exec: optional(lenient({ command: optional(list(Text)) })),
  initialDelaySeconds: optional(Int32),
  timeoutSeconds: optional(Int32),
  periodSeconds: optional(Int32),
  successThreshold: optional(Int32),
  failureThreshold: optional(Int32),
});

const SecurityContext = lenient({ runAsUser: optional(Uint64) });

/** One container of a pod. */
export type Container = ValueOf<typeof Container>;
export const Container = lenient({
  name: Text,
  image: optional(Text),
  ports: optional(list(ContainerPort)),
  env: optional(list(EnvVar)),
  readinessProbe: optional(ContainerProbe),
  securityContext: optional(SecurityContext),
});

/** What runs in a pod, and as whom. */
export type PodSpec = ValueOf<typeof PodSpec>;
export const PodSpec = lenient({
  serviceAccountName: optional(Text),
  /** Deprecated: the older name of `serviceAccountName`. */
  serviceAccount: optional(Text),
  containers: optional(list(Container)),
  initContainers: optional(list(Container)),
  nodeName: optional(Text),
  securityContext: optional(SecurityContext),
  hostNetwork: optional(Flag),
  hostname: optional(Text),
  subdomain: optional(Text),
});

/** What the pods of a Deployment and the like are made from. */
export type PodTemplate = ValueOf<typeof PodTemplate>;
export const PodTemplate = lenient({
  metadata: optional(
    lenient({
      labels: optional(TextMap),
      annotations: optional(TextMap),
    }),
  ),
  spec: optional(PodSpec),
});

/** The labels of the pods that belong to a Deployment and the like. */
export type PodSelector = ValueOf<typeof PodSelector>;
export const PodSelector = lenient({
  matchLabels: optional(TextMap),
});
