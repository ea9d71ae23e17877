/**
 * Requests for hosts of a wildcard that the proxy looks up by DNS itself. It looks up the host that a request names, and calls
 * it on the port of the service: the port in a request only says on which listener it came, and must not choose another.
 */
import { literalRegex } from "../../base/text/literal-regex.js";
import { domainProblem } from "../../config/kinds/value/dns-names.js";
import { isSubsetOf } from "../../mesh/hostname.js";
import { any } from "../any.js";
import type { HeaderMatcherJson, HttpFilterJson, RouteJson } from "../api.js";

type PerFilterConfig = NonNullable<RouteJson["typedPerFilterConfig"]>;

const PACKAGE = "envoy.extensions.filters.http";
const HOST_READER = "envoy.filters.http.header_to_metadata";
/** The filter by which a route tells a forward proxy cluster which host to call. */
export const HOST_SETTER = "envoy.filters.http.set_filter_state";

const hostReader = (rules: object) => any(`${PACKAGE}.header_to_metadata.v3.Config`, rules);
const hostSetter = (values: object) => any(`${PACKAGE}.set_filter_state.v3.Config`, values);

/** Where the host that a request names is kept, without its port. */
const NAMESPACE = "fairlead.looked_up";
const KEY = "host";

/** The filters that do for a request what its route says of who is called. On other routes they do nothing. */
export function lookUpFilters(): HttpFilterJson[] {
  return [
    { name: HOST_READER, typedConfig: hostReader({}) },
    { name: HOST_SETTER, typedConfig: hostSetter({}) },
  ];
}

/** What a forward proxy cluster calls. See Envoy, `envoy.upstream.dynamic_host` and `envoy.upstream.dynamic_port`. */
function called(host: string, port: number): PerFilterConfig[string] {
  const text = (objectKey: string, inlineString: string): object => ({
    objectKey,
    formatString: { textFormatSource: { inlineString } },
  });
  return hostSetter({
    onRequestHeaders: [
      text("envoy.upstream.dynamic_host", host),
      text("envoy.upstream.dynamic_port", String(port)),
    ],
  });
}

/** What a route says of who is called: the host that the request names, on this port. */
export function lookUpOf(port: number): PerFilterConfig {
  return {
    [HOST_READER]: hostReader({
      requestRules: [
        {
          header: ":authority",
          onHeaderPresent: {
            metadataNamespace: NAMESPACE,
            key: KEY,
            regexValueRewrite: { pattern: { regex: ":[0-9]*$" }, substitution: "" },
          },
        },
      ],
    }),
    [HOST_SETTER]: called(`%DYNAMIC_METADATA(${NAMESPACE}:${KEY})%`, port),
  };
}

/**
 * The same where the route says which host is called, perhaps with a port; undefined of one that the wildcard does not stand
 * for.
 */
export function lookUpOfRewritten(
  authority: string,
  wildcard: string,
  port: number,
): PerFilterConfig | undefined {
  const host = authority.replace(/:\d*$/, "");
  if (domainProblem(host) !== undefined || !isSubsetOf(host, wildcard)) return undefined;
  return { [HOST_SETTER]: called(host, port) };
}

/** That a request is for a host that a wildcard stands for. Routes to it may be there for other hosts too. */
export function namesHostOf(wildcard: string): HeaderMatcherJson {
  const suffix = literalRegex(wildcard.slice(1));
  return {
    name: ":authority",
    stringMatch: { safeRegex: { regex: `(?i)[^:]+${suffix}(?::[0-9]*)?` } },
  };
}
