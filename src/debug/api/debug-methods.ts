/** The methods of fairlead's own debug API whose one request has one answer. See proto/fairlead/debug/v1/debug.proto. */
import type {
  AnalyzeRequestJson,
  ConfigurationJson,
  ControlPlaneJson,
  ConvergenceJson,
  DescribeRequestJson,
  DescribeResponseJson,
  DiagnosticsJson,
  ExplainRequestJson,
  ExplainResponseJson,
  GetConfigDumpRequestJson,
  GetConfigDumpResponseJson,
  GetConvergenceRequestJson,
  GetDebugPathRequestJson,
  GetDebugPathResponseJson,
  ListEventsRequestJson,
  ListEventsResponseJson,
  ListLogScopesResponseJson,
  ListNamesRequestJson,
  ListNamesResponseJson,
  ListProxiesRequestJson,
  ListProxiesResponseJson,
  ListPushesRequestJson,
  ListPushesResponseJson,
  ListResourcesRequestJson,
  ListResourcesResponseJson,
  ListSourcesRequestJson,
  ListSourcesResponseJson,
  ListTlsPoliciesRequestJson,
  ListTlsPoliciesResponseJson,
  SetLogLevelsRequestJson,
  WhyRequestJson,
  WhyResponseJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";

/** What is asked, and what is answered, both in protobuf's JSON. */
export interface Method<Request, Response> {
  readonly request: Request;
  readonly response: Response;
}

/** Of a method that is asked for nothing in particular. */
export type NoRequest = Readonly<Record<string, never>>;

/** Each by its name in the service. */
export interface DebugMethods {
  readonly GetControlPlane: Method<NoRequest, ControlPlaneJson>;
  readonly ListProxies: Method<ListProxiesRequestJson, ListProxiesResponseJson>;
  readonly GetConfigDump: Method<GetConfigDumpRequestJson, GetConfigDumpResponseJson>;
  readonly ListTlsPolicies: Method<ListTlsPoliciesRequestJson, ListTlsPoliciesResponseJson>;
  readonly Describe: Method<DescribeRequestJson, DescribeResponseJson>;
  readonly ListSources: Method<ListSourcesRequestJson, ListSourcesResponseJson>;
  readonly Why: Method<WhyRequestJson, WhyResponseJson>;
  readonly Explain: Method<ExplainRequestJson, ExplainResponseJson>;
  readonly ListResources: Method<ListResourcesRequestJson, ListResourcesResponseJson>;
  readonly GetDebugPath: Method<GetDebugPathRequestJson, GetDebugPathResponseJson>;
  readonly ListLogScopes: Method<NoRequest, ListLogScopesResponseJson>;
  readonly SetLogLevels: Method<SetLogLevelsRequestJson, ListLogScopesResponseJson>;
  readonly Analyze: Method<AnalyzeRequestJson, DiagnosticsJson>;
  readonly GetConfiguration: Method<NoRequest, ConfigurationJson>;
  readonly ListNames: Method<ListNamesRequestJson, ListNamesResponseJson>;
  readonly GetConvergence: Method<GetConvergenceRequestJson, ConvergenceJson>;
  readonly ListEvents: Method<ListEventsRequestJson, ListEventsResponseJson>;
  readonly ListPushes: Method<ListPushesRequestJson, ListPushesResponseJson>;
}
