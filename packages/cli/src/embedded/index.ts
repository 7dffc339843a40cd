export { EmbeddedError, type EmbeddedErrorCode } from './errors.ts';
export { startEmbedded, type AdminConnection, type Embedded, type EmbeddedOptions } from './start.ts';
