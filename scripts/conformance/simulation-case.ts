/** The cases of the simulation suite, as the table has them. */
import Type, { type Static } from "typebox";

const Names = Type.Record(Type.String(), Type.String());

export type SimulatedCall = Static<typeof SimulatedCall>;
const SimulatedCall = Type.Object({
  address: Type.Optional(Type.String()),
  port: Type.Number(),
  path: Type.Optional(Type.String()),
  protocol: Type.String(),
  tls: Type.Optional(Type.String()),
  alpn: Type.Optional(Type.String()),
  sni: Type.Optional(Type.String()),
  hostHeader: Type.Optional(Type.String()),
  callMode: Type.Optional(Type.String()),
});

/** What Istio expects of a call: a field that is absent says nothing, unless all are to be as they stand here. */
export type ExpectedCall = Static<typeof ExpectedCall>;
const ExpectedCall = Type.Object({
  error: Type.Optional(Type.String()),
  listenerMatched: Type.Optional(Type.String()),
  filterChainMatched: Type.Optional(Type.String()),
  routeConfigMatched: Type.Optional(Type.String()),
  virtualHostMatched: Type.Optional(Type.String()),
  routeMatched: Type.Optional(Type.String()),
  clusterMatched: Type.Optional(Type.String()),
  strictMatch: Type.Optional(Type.Boolean()),
});

const ModelPort = Type.Object({
  Name: Type.String(),
  Port: Type.Number(),
  Protocol: Type.String(),
});

export type ModelService = Static<typeof ModelService>;
const ModelService = Type.Object({
  Hostname: Type.String(),
  DefaultAddress: Type.Optional(Type.String()),
  Ports: Type.Array(ModelPort),
});

export type ModelInstance = Static<typeof ModelInstance>;
const ModelInstance = Type.Object({
  Service: ModelService,
  ServicePort: ModelPort,
  Endpoint: Type.Object({
    Addresses: Type.Array(Type.String()),
    EndpointPort: Type.Number(),
    ServicePortName: Type.String(),
  }),
});

/** See the top of this file. */
export type SimulationCase = Static<typeof SimulationCase>;
export const SimulationCase = Type.Object({
  kind: Type.String(),
  config: Type.String(),
  kubeConfig: Type.String(),
  configObjects: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  meshConfigOverrides: Type.Record(Type.String(), Type.Unknown()),
  proxy: Type.Object({
    ipAddresses: Type.Array(Type.String()),
    labels: Type.Optional(Names),
    metadata: Type.Record(Type.String(), Type.Unknown()),
    suggestedNodeId: Type.String(),
  }),
  calls: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.Optional(Type.String()),
        call: SimulatedCall,
        expected: ExpectedCall,
        expectedClusterFqdn: Type.Optional(Type.String()),
      }),
    ),
  ),
  routeName: Type.Optional(Type.String()),
  expectNil: Type.Optional(Type.Boolean()),
  expectedVirtualHosts: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.Null(), Type.Array(Type.String())])),
  ),
  services: Type.Optional(Type.Array(ModelService)),
  instances: Type.Optional(Type.Array(ModelInstance)),
  expectedInboundClusters: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
  assertions: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
});
