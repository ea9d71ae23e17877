/** What can be wrong with a file that holds a secret. */
export type StateFileErrorCode =
  /** Others may read or write it. */
  | "state-file-mode"
  /** It is a symbolic link, a directory, or something else that is no plain file; or a directory is none. */
  | "state-file-kind"
  /** It belongs to another user. */
  | "state-file-owner"
  /** Its content is not what was written. */
  | "state-file-content"
  /** The operating system refused. */
  | "state-file-access";

/** A file of the state directory that cannot be used; the message names it and says what to do. */
export class StateFileError extends Error {
  readonly code: StateFileErrorCode;
  readonly path: string;

  constructor(code: StateFileErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options);
    this.name = "StateFileError";
    this.code = code;
    this.path = path;
  }
}

/** What can be wrong with a certificate or with what one is asked for. */
export type CertificateErrorCode =
  /** A file of certificates or keys that was given cannot be read as such. */
  | "certificate-file"
  /** A request for a certificate (CSR) that cannot be granted to anyone. */
  | "certificate-request"
  /** The given key, certificates and roots do not belong together. */
  | "certificate-chain"
  /** What was signed is not what should have been: a fault of ours, found before anyone got it. */
  | "certificate-check"
  /** A name that cannot stand in a certificate. */
  | "certificate-name"
  /** The certificate of the authority has expired or is not yet valid. */
  | "authority-expired";

/** A certificate that could not be made or used. */
export class CertificateError extends Error {
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CertificateError";
    this.code = code;
  }
}

/** A request for a token that cannot be. */
export class TokenRequestError extends Error {
  readonly code = "token-request";

  constructor(message: string) {
    super(message);
    this.name = "TokenRequestError";
  }
}
