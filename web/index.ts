/** The door of this room: the HTTP door of a web node. */
export { WebError, type WebErrorCode } from './errors.ts';
export { startWeb, type Web, type WebOptions } from './start-web.ts';
