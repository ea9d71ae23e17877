import type {
  GetDebugPathRequestJson,
  GetDebugPathResponseJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { didYouMean } from "../../base/text/closest-word.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import { DEBUG_PATHS, type DebugPathOptions, lookUpPath, textOf } from "../istio/debug-paths.js";

/**
 * What is at a path below `/debug/`.
 * @throws CallRefused when nothing is
 */
export async function getDebugPath(
  { path = "" }: GetDebugPathRequestJson,
  options: DebugPathOptions,
): Promise<GetDebugPathResponseJson> {
  const answer = await lookUpPath(path, options);
  switch (answer.kind) {
    case "found":
      return { text: textOf(answer.value) };
    case "no-such-path":
      throw new CallRefused(
        status.NOT_FOUND,
        `there is no debug path "${path}"${didYouMean(path, DEBUG_PATHS)}`,
      );
    case "no-proxy-given":
      throw new CallRefused(
        status.INVALID_ARGUMENT,
        `"${path}" tells of one proxy, and names none`,
      );
    case "not-connected":
      throw new CallRefused(status.NOT_FOUND, `the proxy of "${path}" is not connected`);
  }
}
