import { Command } from "commander";
import { visibleLines } from "../../base/text/visible-text.js";
import { addConnectionFlags, type ConnectionOptions } from "../connection/connection-options.js";
import type { CommandContext } from "../context.js";

interface DescribeOptions extends ConnectionOptions {
  readonly namespace?: string;
  readonly ignoreUnmeshed?: boolean;
}

const POD_HELP = `
Examples:
  $ fairlead describe pod payments-v1-0.default
  $ fairlead describe pod istio-ingressgateway-0 -n istio-system`;

const SERVICE_HELP = `
Examples:
  $ fairlead describe service payments.default
  $ fairlead describe service istio-ingressgateway -n istio-system
  $ fairlead describe service payments.default.svc.cluster.local`;

/** `fairlead describe`: the resources that concern a pod or a service. */
export function describeCommand(context: CommandContext): Command {
  const pod = new Command("pod")
    .alias("po")
    .description("the services that a pod serves, and what applies to it")
    .argument("<pod>", "NAME.NAMESPACE");
  const service = new Command("service")
    .alias("svc")
    .description("the ports and pods of a service, and what applies to it")
    .argument("<service>", "NAME.NAMESPACE, or its host");
  return new Command("describe")
    .alias("des")
    .description("show which resources concern a pod or a service, and where they are written")
    .addCommand(withAction(pod.addHelpText("after", POD_HELP), context))
    .addCommand(withAction(service.addHelpText("after", SERVICE_HELP), context))
    .addHelpText("after", "\nExample:\n  $ fairlead describe pod payments-v1-0.default");
}

const SERVICE_HINT =
  "`fairlead proxy-config clusters POD` shows the services that a proxy sees; give the namespace with -n";

/** A host of three labels or more is that of a service, such as one of a ServiceEntry. */
const isHost = (text: string): boolean => text.split(".").length > 2;

function withAction(command: Command, context: CommandContext): Command {
  command
    .option("-n, --namespace <namespace>", "the namespace of a name that is given without one")
    .option("--ignoreUnmeshed", "without warnings about pods that are not in the mesh");
  return addConnectionFlags(command, context).action(
    async (
      text: string,
      { namespace = "default", ignoreUnmeshed = false, ...options }: DescribeOptions,
    ) => {
      const { askControlPlane } = await import("../connection/connect.js");
      const [name = "", own = namespace] = isHost(text) ? [text] : text.split(".");
      const kind = command.name();
      const { lines = [] } = await askControlPlane(
        context,
        options,
        (client) =>
          client.describe({
            ...{ kind, name, namespace: own },
            ...{ viewedFrom: namespace, ignoreUnmeshed },
          }),
        kind === "service" ? { NOT_FOUND: SERVICE_HINT } : {},
      );
      context.stdout.write(visibleLines(lines));
    },
  );
}
