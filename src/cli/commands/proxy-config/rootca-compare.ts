import { Command } from "commander";
import { visibleLines } from "../../../base/text/visible-text.js";
import type { SecretsConfigDumpJson } from "../../../console/api.js";
import { CommandError } from "../../command-error.js";
import { addConnectionFlags, type ConnectionOptions } from "../../connection/connection-options.js";
import { readDumpOf } from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";

interface CompareOptions extends ConnectionOptions {
  readonly namespace?: string;
}

const HELP = `
Proxies that trust no root in common cannot call each other with mutual TLS. Exit code 1 when that is so.

Example:
  $ fairlead proxy-config rootca-compare payments-v1-0.default my-service-0.default`;

const WANTED = {
  path: "/config_dump?mask=dynamic_active_secrets",
  sections: [{ name: "SecretsConfigDump" }],
};

/** `fairlead proxy-config rootca-compare`. */
export function rootcaCompareCommand(context: CommandContext): Command {
  const command = new Command("rootca-compare")
    .alias("rc")
    .description("the roots that two proxies both trust")
    .argument(
      "<pod>",
      "a proxy: NAME.NAMESPACE, or deployment/NAME.NAMESPACE, svc/NAME.NAMESPACE for one of its pods",
    )
    .argument("<other-pod>", "the other, in the same way")
    .option("-n, --namespace <namespace>", "the namespace of a pod that is given without one");
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (pod: string, other: string, options: CompareOptions) => {
      const { commonRoots, describeRoot } = await import(
        "../../../console/proxy-config/common-roots.js"
      );
      const first = await readSecrets(context, pod, options);
      const second = await readSecrets(context, other, options);
      const both = `${first.id} and ${second.id}`;
      const roots = commonRoots(first.secrets, second.secrets);
      if (roots.length === 0) {
        throw new CommandError(
          `${both} trust no root in common`,
          "mutual TLS between them fails: see that both get their certificates from one authority",
        );
      }
      const lines = roots.map((root) => `  ${describeRoot(root)}`);
      context.stdout.write(visibleLines([`${both} both trust:`, ...lines]));
    });
}

interface ProxySecrets {
  /** `NAME.NAMESPACE`. */
  readonly id: string;
  readonly secrets: SecretsConfigDumpJson;
}

async function readSecrets(
  context: CommandContext,
  pod: string,
  options: CompareOptions,
): Promise<ProxySecrets> {
  const { sectionOf } = await import("../../../console/config-dump.js");
  const { dump, id = pod } = await readDumpOf(context, pod, options, WANTED);
  return { id, secrets: sectionOf(dump, "SecretsConfigDump") };
}
