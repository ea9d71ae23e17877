/** Where the image of a module is: `oci://HOST/REPOSITORY:TAG@DIGEST`, as docker reads what is behind the scheme. */
import type { AllowedHost } from "../net/allowed-host.js";

/** See the top of this file. */
export interface ImageReference {
  /** `HOST` or `HOST:PORT`; `docker.io` for that of Docker, whatever it is called. */
  readonly registry: string;
  readonly repository: string;
  /** What to ask the registry for: the digest, else the tag. */
  readonly reference: string;
  readonly tag: string;
  /** With its `sha256:` in front. */
  readonly digest?: string;
}

const IMAGE = /^oci:\/\/([^@]+?)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[a-f0-9]{64}))?$/;
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)(:\d{1,5})?$/;
const REPOSITORY =
  /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/;
const LATEST = "latest";
const DOCKER = "docker.io";
const DOCKERS_NAMES: readonly string[] = [DOCKER, "index.docker.io", "registry-1.docker.io"];

/** That of a URL; undefined when it is none. */
export function parseImageReference(url: string): ImageReference | undefined {
  const [, name = "", tag = "", digest] = IMAGE.exec(url) ?? [];
  const { registry, repository } = placeOfImage(name);
  if (!HOST.test(registry) || !REPOSITORY.test(repository)) return undefined;
  return {
    registry,
    repository,
    reference: digest ?? (tag === "" ? LATEST : tag),
    tag: tag === "" ? LATEST : tag,
    ...(digest === undefined ? {} : { digest }),
  };
}

function placeOfImage(name: string): Pick<ImageReference, "registry" | "repository"> {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0)).toLowerCase();
  const isHost = /[.:]/.test(first) || first === "localhost";
  const registry = isHost ? first : DOCKER;
  const repository = isHost ? name.slice(slash + 1) : name;
  if (!DOCKERS_NAMES.includes(registry)) return { registry, repository };
  // Those of Docker's own are without a name in front.
  return {
    registry: DOCKER,
    repository: repository.includes("/") ? repository : `library/${repository}`,
  };
}

/** The host that is to be allowed. */
export function hostOfRegistry(registry: string): AllowedHost {
  const { hostname, port } = new URL(`https://${registry}`);
  return { name: hostname, port: port === "" ? 443 : Number(port) };
}

/** Where a registry answers. */
export function urlOfRegistry(registry: string, protocol: "https" | "http"): URL {
  return new URL(`${protocol}://${registry === DOCKER ? "registry-1.docker.io" : registry}/v2/`);
}

/** Whether a registry is one of this machine, which may be without TLS. */
export function isOfThisMachine(registry: string): boolean {
  const { name } = hostOfRegistry(registry);
  return name === "localhost" || name === "[::1]" || /^127(\.\d+){3}$/.test(name);
}

/** The registry that a name of a Secret of credentials is for: a host, or the URL of one. */
export function registryOfName(name: string): string {
  const host = name
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/.*$/, "");
  return DOCKERS_NAMES.includes(host) ? DOCKER : host;
}
