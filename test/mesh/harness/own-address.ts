/** An address of this process alone, of 127.`block`.0.0/16: so that two runs of the tests do not meet. */
export const ownAddress = (block: number): string =>
  `127.${block}.${(process.pid >> 8) & 255}.${process.pid & 255}`;
