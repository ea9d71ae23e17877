import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { ISTIO_VERSION } from "../envoy/bootstrap-node.js";
import { ENVOY_RELEASE } from "../up/envoy-binary.js";
import type { CommandContext } from "./context.js";

/** `fairlead version`. */
export function versionCommand(context: CommandContext): Command {
  return new Command("version")
    .description("say which version this is, and which APIs it speaks")
    .addOption(new Option("-o, --output <format>", "how").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nExample:\n  $ fairlead version -o json")
    .action(({ output }: { readonly output: "text" | "json" }) => {
      const versions = {
        fairlead: packageVersion(context.installation),
        istioApi: ISTIO_VERSION,
        envoy: ENVOY_RELEASE,
      };
      context.stdout.write(
        output === "json"
          ? `${JSON.stringify(versions, undefined, 2)}\n`
          : `fairlead ${versions.fairlead}, for the API of Istio ${versions.istioApi} and Envoy ${versions.envoy}\n`,
      );
    });
}

/** Of the package that is installed there. */
export function packageVersion(installation: string): string {
  const text = readFileSync(join(installation, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
