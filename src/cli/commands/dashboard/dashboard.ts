import { Command } from "commander";
import { formatHostPort } from "../../../base/text/host-port.js";
import {} from "../../connection/envoy-admin.js";
import { findLiveProxy, type LiveOptions, withLiveProxy } from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { parseFlag } from "../../options/arguments.js";
import { openUrl } from "./open-url.js";
import { requireAnswer } from "./require-answer.js";

interface BrowserOptions {
  readonly browser: boolean;
}

interface SiteOptions extends BrowserOptions {
  readonly url: string;
}

/** A web page that stands beside the mesh. */
interface Site {
  readonly name: string;
  readonly description: string;
  /** Where it is when nobody moved it. */
  readonly url: string;
  /** What to do when nothing is there. */
  readonly hint: string;
}

const bring = (what: string): string =>
  `fairlead brings no ${what}: start one, and say with --url where it is`;

const SITES: readonly Site[] = [
  {
    name: "controlz",
    description: "the control plane's own page: its metrics",
    url: "http://127.0.0.1:15014/metrics",
    hint: "is fairlead running, and with which --http-port? --url says where it is",
  },
  {
    name: "grafana",
    description: "a Grafana that shows the mesh's metrics",
    url: "http://127.0.0.1:3000/",
    hint: bring("Grafana"),
  },
  {
    name: "jaeger",
    description: "a Jaeger that has the mesh's traces",
    url: "http://127.0.0.1:16686/",
    hint: bring("Jaeger"),
  },
  {
    name: "kiali",
    description: "a Kiali that draws the mesh",
    url: "http://127.0.0.1:20001/",
    hint: `${bring("Kiali")}; Kiali itself needs a Kubernetes API`,
  },
  {
    name: "prometheus",
    description: "a Prometheus that collects the mesh's metrics",
    url: "http://127.0.0.1:9090/",
    hint: `${bring("Prometheus")}; it scrapes /metrics of the control plane, port 15014, and /stats/prometheus of the proxies, port 15090`,
  },
  {
    name: "zipkin",
    description: "a Zipkin that has the mesh's traces",
    url: "http://127.0.0.1:9411/zipkin/",
    hint: bring("Zipkin"),
  },
];

const ENVOY_HELP = `
Examples:
  $ fairlead dashboard envoy payments-v1-0.default
  $ fairlead dashboard envoy payments-v1-0.default --browser=false`;

function withBrowser(command: Command): Command {
  return command.option("--browser [boolean]", "open it in a browser", parseFlag, true);
}

/** `fairlead dashboard`: the web pages of the mesh and of what stands beside it. */
export function dashboardCommand(context: CommandContext): Command {
  const envoy = withBrowser(withLiveProxy(new Command("envoy").alias("proxy"), context))
    .description("the admin interface of a proxy's Envoy")
    .addHelpText("after", ENVOY_HELP)
    .action(async (pod: string | undefined, options: LiveOptions & BrowserOptions) => {
      const { admin } = await findLiveProxy(context, pod, options);
      await openUrl(context, `http://${formatHostPort(admin)}/`, options.browser);
    });
  return SITES.reduce(
    (command, site) => command.addCommand(siteCommand(context, site)),
    new Command("dashboard")
      .aliases(["dash", "d"])
      .description("open a web page of the mesh: its address is printed, and opened on a terminal")
      .addCommand(envoy)
      .addHelpText("after", "\nExample:\n  $ fairlead dashboard envoy payments-v1-0.default"),
  );
}

function siteCommand(context: CommandContext, { name, description, url, hint }: Site): Command {
  return withBrowser(new Command(name))
    .description(description)
    .option("--url <url>", "where it is", url)
    .addHelpText("after", `\nExample:\n  $ fairlead dashboard ${name} --url ${url}`)
    .action(async (options: SiteOptions) => {
      await requireAnswer(options.url, hint);
      await openUrl(context, options.url, options.browser);
    });
}
