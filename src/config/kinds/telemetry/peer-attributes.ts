/** What Istio's filters know of whom a proxy calls, and of who calls it, in the words of a stock Envoy. */
import { END, type Token, textOf } from "../cel/cel-tokens.js";
import { callerTokens } from "./caller-state.js";
import { CANONICAL_NAME, CANONICAL_REVISION } from "./canonical-labels.js";

/** The metadata of an endpoint that says what it is, apart from that of Istio's filter, whose parts no formatter can take. */
export const ENDPOINT_METADATA = "fairlead";

/** The labels of a workload by the fields of Istio's `upstream_peer` and `downstream_peer`. See Istio, "Customizing Istio Metrics". */
const PRESENT_FIELDS = {
  app: "app",
  version: "version",
  service: "canonical_service",
  revision: "canonical_revision",
  namespace: "workload_namespace",
  workload: "workload",
  cluster: "cluster",
};

/** The same with what Istio formerly called them. */
const FIELDS: Readonly<Record<string, string>> = {
  ...PRESENT_FIELDS,
  workload_name: "workload",
  cluster_id: "cluster",
};

/** The fields of a peer that there are, in words. */
export const PEER_FIELDS = Object.keys(PRESENT_FIELDS).join(", ");

/** Those of its labels in Kubernetes that are told of. */
const LABELS: Readonly<Record<string, string>> = {
  app: "app",
  version: "version",
  [CANONICAL_NAME]: "canonical_service",
  [CANONICAL_REVISION]: "canonical_revision",
};

/** What Istio's filters keep of a peer, by its name or as the text that is the key of `filter_state`. */
const OF_PEER = /^(wasm\.)?(up|down)stream_peer(_id|_obj)?$/;
const PEER = /^(?:wasm\.)?(up|down)stream_peer$/;

/** What a token names: itself, or the text that it is. */
const nameIn = ({ type, text }: Token): string =>
  type === "literal" ? (textOf(text) ?? "") : text;

/** Something that was found in tokens, and where what is behind it begins. */
interface Found {
  readonly name: string;
  readonly end: number;
}

/** Where the next token is that is no space. */
const next = (tokens: readonly Token[], at: number): number =>
  tokens[at]?.type === "space" ? at + 1 : at;

/** What is taken of a value by `.name` or `['name']` at a place; undefined for nothing such. */
function member(tokens: readonly Token[], place: number): Found | undefined {
  const first = next(tokens, place);
  const second = next(tokens, first + 1);
  const third = next(tokens, second + 1);
  const [mark, name = END, close] = [first, second, third].map((at) => tokens[at]);
  if (mark?.text === "." && name.type === "name") return { name: name.text, end: second + 1 };
  const isText = name.type === "literal" && textOf(name.text) !== undefined;
  if (mark?.text !== "[" || !isText || close?.text !== "]") return undefined;
  return { name: nameIn(name), end: third + 1 };
}

/** The peer whose name begins at a place, `up` or `down`. */
function peerAt(tokens: readonly Token[], place: number): Found | undefined {
  const { type, text } = tokens[place] ?? END;
  if (type !== "name") return undefined;
  const named =
    text === "filter_state" ? member(tokens, place + 1) : { name: text, end: place + 1 };
  const side = PEER.exec(named?.name ?? "")?.[1];
  return named === undefined || side === undefined ? undefined : { name: side, end: named.end };
}

/** The label that is named behind a peer. */
function labelBehind(tokens: readonly Token[], place: number): Found | undefined {
  const field = member(tokens, place);
  if (field?.name !== "labels") return known(FIELDS, field);
  const label = known(LABELS, member(tokens, field.end));
  if (label === undefined) return undefined;
  const value = member(tokens, label.end);
  return value?.name === "value" ? { ...label, end: value.end } : label;
}

function known(keys: Readonly<Record<string, string>>, found?: Found): Found | undefined {
  if (found === undefined || !Object.hasOwn(keys, found.name)) return undefined;
  return { name: keys[found.name] ?? "", end: found.end };
}

/** The same in Envoy's words: of the metadata of the endpoint that was chosen. */
const endpointTokens = (label: string): readonly Token[] =>
  ["xds", ".upstream_host_metadata", ".filter_metadata", `.${ENDPOINT_METADATA}`, `.${label}`].map(
    (text) => ({ type: "name", text }),
  );

/**
 * An expression's tokens with what proxies are told of their peers, where they have what Istio's filters keep of them:
 * `filter_state.upstream_peer.app` or, formerly, `upstream_peer.labels['app'].value`.
 */
export function withToldPeers(tokens: readonly Token[]): readonly Token[] {
  const replaced: Token[] = [];
  let before = END;
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at] ?? END;
    const peer = before.text === "." ? undefined : peerAt(tokens, at);
    const label = peer && labelBehind(tokens, peer.end);
    const tokensOf = peer?.name === "up" ? endpointTokens : callerTokens;
    replaced.push(...(label === undefined ? [token] : tokensOf(label.name)));
    at = label?.end ?? at + 1;
    if (token.type !== "space") before = token;
  }
  return replaced;
}

/** Whether something is of what Istio's filters keep of a peer. */
export const isOfPeer = (tokens: readonly Token[]): boolean =>
  tokens.some((token) => OF_PEER.test(nameIn(token)));
