/** What the help of commands with `-o wide` says of it: with the name of what a row is about. */
export const wideHelp = (row: string): string =>
  `With -o wide each ${row} has the parts of resources that made it, EnvoyFilters among them, and where they are written, as far
as the control plane that the proxy is connected to knows it.`;
