import type { ExplainRequestJson } from "../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import type { Requested as ToExplain } from "../../../console/explain/call.js";
import type { Explanation } from "../../../console/explain/explanation.js";
import { explanationLines } from "../../../console/explain/explanation-lines.js";
import { flagLines } from "../../../console/explain/flag-lines.js";
import type { ResponseFlag } from "../../../console/explain/response-flags.js";
import { isCalledUrl } from "../../../simulator/called-url.js";
import { CommandError } from "../../command-error.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";

/** The options of `fairlead explain`. */
export interface ExplainOptions extends ConnectionOptions {
  readonly from?: string;
  readonly gateway?: string;
  readonly fromIp?: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly config?: readonly string[];
  readonly to?: string;
  readonly flags?: readonly ResponseFlag[];
  readonly output: "text" | "json";
}

/** What is called, as it was written. */
interface Requested {
  readonly method: string;
  readonly url: string;
}

/** Prints what becomes of a request, or what response flags say of one. */
export async function runExplain(
  context: CommandContext,
  { method, url }: { readonly method: string; readonly url: string | undefined },
  options: ExplainOptions,
): Promise<void> {
  const { flags, output } = options;
  const { stdout } = context;
  const isAsked = url !== undefined || flags === undefined;
  const explanation = isAsked
    ? await explanationOf(context, { method, url: url ?? "" }, options)
    : undefined;
  if (output === "json") {
    const told = flags === undefined ? explanation : { flags, explanation };
    stdout.write(`${JSON.stringify(told, undefined, 2)}\n`);
    return;
  }
  const lines =
    flags !== undefined
      ? flagLines(flags, explanation)
      : explanation === undefined
        ? []
        : explanationLines(explanation);
  stdout.write(visibleLines(lines));
}

const SUCH_AS = "such as http://payments/api, http://payments.default:8080/ or tcp://database:5432";

async function explanationOf(
  context: CommandContext,
  requested: Requested,
  options: ExplainOptions,
): Promise<Explanation> {
  const { from, gateway, fromIp, config, header: headers = {} } = options;
  const proxy = from ?? gateway;
  if (proxy === undefined) {
    throw new CommandError(
      "nothing says who calls",
      "give --from POD.NAMESPACE, or --gateway POD.NAMESPACE for a call from outside",
    );
  }
  if (requested.url === "") {
    throw new CommandError("nothing says what is called", `give the URL: ${SUCH_AS}`);
  }
  const url = URL.parse(requested.url);
  if (url === null || !isCalledUrl(url)) {
    throw new CommandError(
      `"${requested.url}" is no URL of http or https, and no tcp://HOST:PORT`,
      `it is ${SUCH_AS}`,
    );
  }
  const given = { headers, ...(fromIp === undefined ? {} : { fromIp }) };
  return config === undefined
    ? explainRunning(context, { ...requested, proxy, ...given }, options)
    : explainFiles(config, { method: requested.method, url, ...given, at: Date.now() }, proxy);
}

async function explainRunning(
  context: CommandContext,
  request: Requested & Pick<ExplainRequestJson, "proxy" | "headers" | "fromIp">,
  options: ConnectionOptions,
): Promise<Explanation> {
  const { askControlPlane } = await import("../../connection/connect.js");
  const { explanation = "" } = await askControlPlane(context, options, (client) =>
    client.explain(request),
  );
  return JSON.parse(explanation) as Explanation;
}

async function explainFiles(
  directories: readonly string[],
  requested: ToExplain,
  name: string,
): Promise<Explanation> {
  const [{ explain }, { planScene, plannedProxy }] = await Promise.all([
    import("../../../console/explain/explain.js"),
    import("./plan-scene.js"),
  ]);
  const scene = await planScene(directories);
  return explain(scene, plannedProxy(scene, directories, name), requested);
}
