import Type from "typebox";
import { serveView } from "../../../test/wire/xds/view-server.js";
import { defineSuite } from "../suite.js";
import { deltaClient, sotwClient } from "./client.js";
import { playScenario } from "./steps.js";

const Steps = Type.Array(Type.String());

/** The protocols by a scenario's tags. */
const CLIENTS = { sotw: sotwClient, incremental: deltaClient } as const;

/** What an aggregated discovery server must and must not answer, in the words of a public test harness. */
export const xdsHarness = defineSuite(
  "xds-harness-scenarios",
  Type.Object({
    title: Type.String(),
    tags: Steps,
    steps: Steps,
    examples: Type.Optional(Type.Array(Type.Object({ steps: Steps }))),
  }),
  async ({ tags, steps, examples = [{ steps }] }) => {
    const failures: string[] = [];
    for (const [tag, openClient] of Object.entries(CLIENTS)) {
      for (const example of tags.includes(tag) ? examples : []) {
        const failure = await play(example.steps, openClient);
        if (failure !== undefined) failures.push(`${tag}: ${failure}`);
      }
    }
    return { passed: failures.length === 0, got: failures.join("\n"), expected: steps.join("\n") };
  },
);

async function play(
  steps: readonly string[],
  openClient: typeof deltaClient,
): Promise<string | undefined> {
  const server = await serveView({ extensionConfig: {} });
  const client = openClient(server.address);
  try {
    return await playScenario(steps, server, client);
  } finally {
    client.close();
    server.close();
  }
}
