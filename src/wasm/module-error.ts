/** A module cannot be had; the message says why, in words for the plugin's author. */
export class ModuleError extends Error {
  /** Whether another attempt would end in the same way. */
  readonly isFinal: boolean;

  constructor(
    message: string,
    { isFinal = false, ...options }: ErrorOptions & { isFinal?: boolean } = {},
  ) {
    super(message, options);
    this.name = "ModuleError";
    this.isFinal = isFinal;
  }
}
