/** Who is asked about the requests of a route before they are forwarded. See Gateway API, HTTPExternalAuthFilter. */
import type { HTTPExternalAuthFilter } from "../../config/kinds/gateway-api/external-auth.js";
import { type BackendContext, destinationOf, NOWHERE } from "./backend.js";

/** Somebody who is asked. */
export interface RouteAuthorizer {
  readonly protocol: "http" | "grpc";
  readonly hostname: string;
  readonly port: number;
  /** In front of the path of a request. */
  readonly path?: string;
  /** The headers that are told beside those that always are; to an authorizer of gRPC only these, or all when there are none. */
  readonly told: readonly string[];
  /** The headers of the answer that a request is forwarded with; all when there are none. */
  readonly taken: readonly string[];
  /** How many bytes of the body at most; no body when absent. */
  readonly maxBody?: number;
}

/** Whom a filter means; undefined when it is nobody who may be asked. */
export function routeAuthorizer(
  { protocol, backendRef, grpc, http, forwardBody }: HTTPExternalAuthFilter,
  context: BackendContext,
): RouteAuthorizer | undefined {
  const destination = destinationOf(backendRef, context);
  const port = destination.port?.number;
  if (destination === NOWHERE || port === undefined) return undefined;
  const { path = "", allowedHeaders, allowedResponseHeaders } = http ?? {};
  const { maxSize = 0 } = forwardBody ?? {};
  return {
    protocol: protocol === "GRPC" ? "grpc" : "http",
    hostname: destination.host,
    port,
    ...(path === "" ? {} : { path: path.startsWith("/") ? path : `/${path}` }),
    told: names(grpc?.allowedHeaders ?? allowedHeaders),
    taken: names(allowedResponseHeaders),
    ...(maxSize === 0 ? {} : { maxBody: maxSize }),
  };
}

/** In one order, so that what means the same is the same. */
const names = (given: readonly string[] = []): readonly string[] =>
  [...new Set(given.map((name) => name.toLowerCase()))].sort();

/** All that is said of an authorizer, in one word: it names the filter that asks it. */
export function textOfAuthorizer(authorizer: RouteAuthorizer): string {
  const { protocol, hostname, port, path, told, taken, maxBody } = authorizer;
  const settings = [
    ...(path === undefined ? [] : [["path", path]]),
    ...told.map((name) => ["told", name]),
    ...taken.map((name) => ["taken", name]),
    ...(maxBody === undefined ? [] : [["body", String(maxBody)]]),
  ];
  const query = settings.map(([name, value = ""]) => `${name}=${encodeURIComponent(value)}`);
  return [`${protocol}://${hostname}:${port}`, ...query].join("&");
}

const TEXT = /^(http|grpc):\/\/([^&:]+):(\d{1,5})((?:&\w+=[^&]*)*)$/;

/** What `textOfAuthorizer` says; undefined of another text. */
export function authorizerOfText(text: string): RouteAuthorizer | undefined {
  const [, protocol, hostname, port, query = ""] = TEXT.exec(text) ?? [];
  if (hostname === undefined) return undefined;
  const settings = new URLSearchParams(query);
  const path = settings.get("path");
  const body = settings.get("body");
  return {
    protocol: protocol === "grpc" ? "grpc" : "http",
    hostname,
    port: Number(port),
    ...(path === null ? {} : { path }),
    told: settings.getAll("told"),
    taken: settings.getAll("taken"),
    ...(body === null ? {} : { maxBody: Number(body) }),
  };
}
