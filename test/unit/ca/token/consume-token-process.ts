// A process of its own that takes uses of a token: argv is the state directory and the token; prints what became of each.
import { consumeToken, openTokenStore } from "../../../../src/ca/token/token-store.js";

const [stateDirectory = "", token = "", times = "1"] = process.argv.slice(2);
const store = await openTokenStore(stateDirectory, Date.now);
// All processes begin when the parent closes their input.
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("close", resolve).resume());
for (let i = 0; i < Number(times); i++) {
  const use = await consumeToken(store, token);
  process.stdout.write(`${"token" in use ? "taken" : use.refused}\n`);
}
