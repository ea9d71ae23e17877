/** What a registry is shown, as a Secret of type kubernetes.io/dockerconfigjson has it: a `config.json` of docker's. */
import { parseJson } from "../base/parse-json.js";
import { registryOfName } from "./image-reference.js";
import { ModuleError } from "./module-error.js";

/** A name and a password; or a token that needs no other. */
export type RegistryCredentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string };

/**
 * Those for a registry, as it is in references; undefined when there are none.
 * @throws ModuleError when the text is no such file
 */
export function credentialsFor(registry: string, text: string): RegistryCredentials | undefined {
  const auths = member(parseJson(text), "auths");
  if (typeof auths !== "object" || auths === null) {
    throw new ModuleError("the .dockerconfigjson of its imagePullSecret has no auths", {
      isFinal: true,
    });
  }
  const [, entry] = Object.entries(auths).find(([name]) => registryOfName(name) === registry) ?? [];
  const token = textOf(entry, "registrytoken");
  if (token !== "") return { token };
  const [, ownUser = "", ownPassword = ""] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(textOf(entry, "auth"), "base64").toString("utf8")) ?? [];
  const user = textOf(entry, "username", ownUser);
  const password = textOf(entry, "password", ownPassword);
  return user === "" && password === "" ? undefined : { user, password };
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function textOf(value: unknown, name: string, otherwise = ""): string {
  const text = member(value, name);
  return typeof text === "string" && text !== "" ? text : otherwise;
}
