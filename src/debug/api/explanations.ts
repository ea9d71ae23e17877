/** The methods of the debug API that say what decides what: `describe`, `explain`, `why` and the sources of resources. */
import { isIP } from "node:net";
import type {
  DescribeRequestJson,
  ExplainRequestJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { didYouMean } from "../../base/text/closest-word.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import { isCalledUrl } from "../../simulator/called-url.js";
import type { Observed } from "../observed.js";
import type { Answers } from "./answers.js";
import { connectedIds, notConnected } from "./find-connections.js";

/** What answers the questions, which is not of this folder's making. */
export interface ExplanationOptions {
  readonly observed: Observed;
  /** In milliseconds since 1970. */
  readonly now: () => number;
  /** What concerns a pod or a service, in lines; undefined when there is none of that name. */
  readonly describe: (request: DescribeRequestJson) => readonly string[] | undefined;
  /** What becomes of a request by a proxy, as JSON; undefined when it is not connected. */
  readonly explain: (
    proxy: string,
    requested: Pick<Required<ExplainRequestJson>, "method" | "headers"> & {
      readonly url: URL;
      readonly fromIp?: string;
      /** When it is asked, in milliseconds since 1970. */
      readonly at: number;
    },
  ) => object | undefined;
  /** What made the resources of a name, as JSON, or names like it; undefined when the proxy is not connected. */
  readonly why: (
    proxy: string,
    resource: string,
  ) => { readonly stages: readonly object[]; readonly near: readonly string[] } | undefined;
  /**
   * What made the resources of a type, as JSON: "unknown" when there is no such type, undefined when the proxy is not
   * connected.
   */
  readonly listSources: (
    proxy: string,
    typeUrl: string,
  ) => readonly object[] | "unknown" | undefined;
}

/** The answers; a question about what is not there is refused with the name that was perhaps meant. */
export function createExplanations({
  observed,
  describe,
  explain,
  why,
  listSources,
  now,
}: ExplanationOptions): Pick<Answers, "Describe" | "Explain" | "ListSources" | "Why"> {
  return {
    Describe: (request) => {
      const lines = describe(request);
      if (lines !== undefined) return { lines: [...lines] };
      const { kind = "", name = "", namespace = "" } = request;
      const id = `${name}.${namespace}`;
      const guess = didYouMean(id, describedNames(kind, observed));
      throw new CallRefused(status.NOT_FOUND, `there is no ${kind} ${id}${guess}`);
    },
    ListSources: ({ proxy = "", typeUrl = "" }) => {
      const resources = listSources(proxy, typeUrl);
      if (resources === undefined) {
        throw notConnected(proxy, observed);
      }
      if (resources !== "unknown") return { resources: JSON.stringify(resources) };
      const message = `"${typeUrl}" is no type of clusters, endpoints, listeners or route configurations`;
      throw new CallRefused(status.INVALID_ARGUMENT, message);
    },
    Why: ({ proxy = "", resource = "" }) => {
      const made = why(proxy, resource);
      if (made === undefined) throw notConnected(proxy, observed);
      return { stages: JSON.stringify(made.stages), near: [...made.near] };
    },
    Explain: ({ proxy = "", method = "GET", url = "", headers = {}, fromIp = "" }) => {
      const source = fromIp === "" ? {} : { fromIp: parseIp(fromIp) };
      const requested = { method, url: parseUrl(url), headers, at: now(), ...source };
      const explanation = explain(proxy, requested);
      if (explanation !== undefined) return { explanation: JSON.stringify(explanation) };
      throw notConnected(proxy, observed);
    },
  };
}

/** The names `NAME.NAMESPACE` of what can be described. */
function describedNames(kind: string, observed: Observed): readonly string[] {
  if (kind === "pod") return connectedIds(observed);
  const services = observed.snapshot().tables.Service.values();
  return [...services].map(({ metadata }) => `${metadata.name}.${metadata.namespace}`);
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && isCalledUrl(url)) return url;
  const message = `"${text}" is no URL of http or https, and no tcp://HOST:PORT`;
  throw new CallRefused(status.INVALID_ARGUMENT, message);
}

function parseIp(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new CallRefused(status.INVALID_ARGUMENT, `"${text}" is no IP address`);
}
