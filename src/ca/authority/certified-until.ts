/**
 * Until when certificates are good that agents were given with the roots of now, as a file. Agents have roots with their
 * certificates, and are not told of others in between: a next root must not sign before each has had one with it.
 */

import { join } from "node:path";
import Type from "typebox";
import Value from "typebox/value";
import { parseJson } from "../../base/parse-json.js";
import { StateFileError } from "../ca-error.js";
import { readPrivateFile, writePrivateFile } from "../private-file.js";
import { authorityDirectory } from "./slot-source.js";

/** See the top of this file. */
export interface CertifiedUntil {
  /** Milliseconds since 1970, never too early; 0 when there was no agent. */
  readonly time: () => number;
  /**
   * An agent is given a certificate that ends then.
   * @throws StateFileError
   */
  readonly extend: (notAfter: number) => Promise<void>;
}

const STORED = Type.Object({ until: Type.Number() }, { additionalProperties: false });

const fileOf = (stateDirectory: string): string =>
  join(authorityDirectory(stateDirectory), "certified.json");

/**
 * Opens what is remembered of it. The file is written ahead by `slackMs`, so that it is not written for each certificate.
 * @throws StateFileError
 */
export async function openCertifiedUntil(
  stateDirectory: string,
  slackMs: number,
): Promise<CertifiedUntil> {
  const path = fileOf(stateDirectory);
  let until = await load(path);
  let written: Promise<unknown> = Promise.resolve();
  const write = async (notAfter: number): Promise<void> => {
    if (notAfter <= until) return;
    const ahead = notAfter + slackMs;
    await writePrivateFile(path, `${JSON.stringify({ until: ahead })}\n`);
    until = ahead;
  };
  return {
    time: () => until,
    extend: (notAfter) => {
      // One after the other, so that the file is never earlier than what is known: of two at once the earlier may be the later.
      const own = written.then(() => write(notAfter));
      written = own.catch(() => undefined);
      return own;
    },
  };
}

async function load(path: string): Promise<number> {
  const content = await readPrivateFile(path);
  if (content === undefined) return 0;
  const stored = parseJson(content.toString("utf8"));
  if (!Value.Check(STORED, stored)) {
    throw new StateFileError(
      "state-file-content",
      path,
      "is not what was written; remove it if no agent was given a certificate lately",
    );
  }
  return stored.until;
}
