import type { Diagnostic } from "../../base/diagnostic.js";
import { certificateProblem, keyPairProblems, type PemProblem } from "../key-pair.js";
import { isDnsLabel } from "../kinds/value/dns-names.js";
import { type ConfigResource, formatRef, type ResourceRef } from "../resource.js";
import type { SecretFile, SecretSource } from "../sources/source.js";
import { idOf } from "./resource.js";

/** What a folder of a secrets directory says: one Secret, if all is in order. */
export interface SecretReading {
  readonly id: string;
  readonly ref: ResourceRef;
  /** Absent when there is a diagnostic. */
  readonly resource?: ConfigResource;
  readonly diagnostics: readonly Diagnostic[];
}

interface Problem {
  readonly file: SecretFile;
  readonly code: string;
  readonly message: string;
}

/**
 * Reads a folder of a secrets directory as a Secret, as Kubernetes mounts one: `tls.crt` and `tls.key`, with `ca.crt` and
 * `ca.crl` when there are any; or `ca.crt` alone. A certificate and key that do not belong together are an error: the
 * folder is being renewed. No message quotes what a file has.
 */
export function readSecret(source: SecretSource): SecretReading {
  const { namespace, name } = source;
  const ref = { kind: "Secret", namespace, name };
  const problems = [...checkNames(source), ...checkFiles(source.files)];
  const diagnostics = problems.map(({ file, code, message }): Diagnostic => {
    const position = { file: `${source.path}/${file}`, line: 1, column: 1 };
    return { severity: "error", code, message, position, resource: formatRef(ref) };
  });
  if (diagnostics.length > 0) return { id: idOf(ref), ref, diagnostics };
  return { id: idOf(ref), ref, resource: resourceOf(source), diagnostics };
}

function resourceOf({ namespace, name, files }: SecretSource): ConfigResource {
  const data = Object.entries(files).map(([file, text]) => [file, base64(text)]);
  const type = files["tls.crt"] === undefined ? "Opaque" : "kubernetes.io/tls";
  return {
    kind: "Secret",
    apiVersion: "v1",
    metadata: { name, namespace, labels: {}, annotations: {} },
    spec: { type, data: Object.fromEntries(data) as Readonly<Record<string, string>> },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function* checkNames({ namespace, name }: SecretSource): Iterable<Problem> {
  const valid = isDnsLabel(namespace) && name.split(".").every(isDnsLabel);
  if (valid && `${namespace}/${name}` === `${namespace}/${name}`.toLowerCase()) return;
  const message =
    "the folders of a secret are named <namespace>/<name>, in lower-case letters, digits, - and ., " +
    `found ${JSON.stringify(`${namespace}/${name}`)}`;
  yield { file: "tls.crt", code: "invalid-name", message };
}

function* checkFiles(files: SecretSource["files"]): Iterable<Problem> {
  const { "tls.crt": certificate, "tls.key": key, "ca.crt": authority } = files;
  if (certificate === undefined && key === undefined && authority === undefined) {
    yield missing("tls.crt", "the folder has no tls.crt with tls.key, and no ca.crt");
    return;
  }
  if (certificate === undefined && key !== undefined) {
    yield missing("tls.crt", "tls.key has no tls.crt beside it");
  }
  if (key === undefined && certificate !== undefined) {
    yield missing("tls.key", "tls.crt has no tls.key beside it");
  }
  const roots =
    authority === undefined ? undefined : certificateProblem(named("ca.crt", authority));
  if (roots !== undefined) yield ofFile(roots);
  if (certificate === undefined || key === undefined) return;
  yield* keyPairProblems(named("tls.crt", certificate), named("tls.key", key)).map(ofFile);
}

interface FileText {
  readonly name: SecretFile;
  readonly text: string;
}

function named(name: SecretFile, text: string): FileText {
  return { name, text };
}

function ofFile({ of, code, message }: PemProblem<FileText>): Problem {
  return { file: of.name, code, message };
}

function missing(file: SecretFile, message: string): Problem {
  return { file, code: "incomplete-secret", message };
}
