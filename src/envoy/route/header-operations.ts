/** What VirtualServices do to the headers of requests and responses. */
import { byKey } from "../../base/text/compare-text.js";
import type { Headers } from "../../config/kinds/networking/virtual-service/header-operations.js";
import type { HeaderValueOptionJson } from "../api.js";

/** What is done to headers, in the fields that routes, virtual hosts and weighted clusters share. */
export interface HeaderMutations {
  requestHeadersToAdd?: HeaderValueOptionJson[];
  requestHeadersToRemove?: string[];
  responseHeadersToAdd?: HeaderValueOptionJson[];
  responseHeadersToRemove?: string[];
}

type Values = Readonly<Record<string, string>> | undefined;
type Action = NonNullable<HeaderValueOptionJson["appendAction"]>;

function options(values: Values, appendAction: Action): HeaderValueOptionJson[] {
  return Object.entries(values ?? {})
    .filter(([key]) => !isAuthority(key))
    .sort(byKey)
    .map(([key, value]) => ({ header: { key, value }, appendAction }));
}

const isAuthority = (name: string): boolean => {
  const lower = name.toLowerCase();
  return lower === "host" || lower === ":authority";
};

function additions(operations: { readonly set?: Values; readonly add?: Values } | undefined) {
  return [
    ...options(operations?.set, "OVERWRITE_IF_EXISTS_OR_ADD"),
    ...options(operations?.add, "APPEND_IF_EXISTS_OR_ADD"),
  ];
}

/** What a VirtualService does to headers. `Host` is no header here: see `authorityOf`. */
export function headerMutations(headers: Headers | undefined): HeaderMutations {
  const mutations: HeaderMutations = {};
  const { request, response } = headers ?? {};
  const requestAdds = additions(request);
  const responseAdds = additions(response);
  if (requestAdds.length > 0) mutations.requestHeadersToAdd = requestAdds;
  if (responseAdds.length > 0) mutations.responseHeadersToAdd = responseAdds;
  if ((request?.remove ?? []).length > 0)
    mutations.requestHeadersToRemove = [...(request?.remove ?? [])];
  if ((response?.remove ?? []).length > 0) {
    mutations.responseHeadersToRemove = [...(response?.remove ?? [])];
  }
  return mutations;
}

/** The authority that header operations set: Envoy rewrites it, it cannot be set as a header. */
export function authorityOf(headers: Headers | undefined): string | undefined {
  const { set, add } = headers?.request ?? {};
  const found = [...Object.entries(set ?? {}), ...Object.entries(add ?? {})].find(([name]) =>
    isAuthority(name),
  );
  return found?.[1];
}
