import { Command } from "commander";
import type { ListenerFilter } from "../../../console/proxy-config/listener-table.js";
import {
  type ProxyOptions,
  readDumpOf,
  sayIdle,
  withProxy,
} from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { parseFlag, parsePort } from "../../options/arguments.js";
import { outputOption, type WideFormat, writeWide } from "../../output/write-output.js";
import { typeOption } from "./type-option.js";
import { wideHelp } from "./wide-help.js";

interface ListenersOptions extends ProxyOptions, ListenerFilter {
  readonly verbose: boolean;
  readonly output: WideFormat;
}

const HELP = `
${wideHelp("filter chain")}

Examples:
  $ fairlead proxy-config listeners payments-v1-0.default
  $ fairlead proxy-config listeners payments-v1-0.default --port 80 -o yaml
  $ fairlead proxy-config listeners payments-v1-0.default --type HTTP --verbose=false
  $ fairlead proxy-config listeners payments-v1-0.default -o wide
  $ fairlead proxy-config listeners -f dump.json --address 0.0.0.0`;

const WANTED = {
  path: "/config_dump?mask=dynamic_listeners,static_listeners",
  sections: [{ name: "ListenersConfigDump" }],
};

/** `fairlead proxy-config listeners`. */
export function listenersCommand(context: CommandContext): Command {
  return withProxy(new Command("listeners").aliases(["listener", "l"]), context)
    .description("the listeners of a proxy: which connections it takes, and where they lead")
    .option("--address <address>", "only those at this address")
    .option("--port <port>", "only those on this port", parsePort)
    .addOption(typeOption("only those for that"))
    .option("--verbose [boolean]", "what they match, and where it leads", parseFlag, true)
    .addOption(outputOption("table", ["wide"]))
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: ListenersOptions) => {
      const { listenersOf } = await import("../../../console/config-dump.js");
      const table = await import("../../../console/proxy-config/listener-table.js");
      const { idleListeners } = await import("../../../console/proxy-config/not-in-use.js");
      const { dump, id } = await readDumpOf(context, pod, options, WANTED);
      const listeners = table.selectListeners(listenersOf(dump), options);
      sayIdle(context, idleListeners(dump));
      await writeWide(context, options.output, {
        wide: async () => {
          const { chainSources } = await import("../../../console/proxy-config/known-sources.js");
          const { askSources } = await import("./ask-sources.js");
          const made = await askSources(context, options, id, "listener");
          return table.wideListenerTable(listeners, chainSources(made));
        },
        table: () =>
          options.verbose ? table.listenerTable(listeners) : table.listenerTypes(listeners),
        value: () => listeners,
        gap: 1,
      });
    });
}
