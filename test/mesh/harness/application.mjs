// An application that knows nothing of the mesh: says who it is and what it was sent.
import console from "node:console";
import { createServer } from "node:http";
import process from "node:process";

const [name, port, address] = process.argv.slice(2);
createServer((request, response) => {
  response.end(JSON.stringify({ name, path: request.url, headers: request.headers }));
}).listen(Number(port), address, () => {
  console.log("listening");
});
