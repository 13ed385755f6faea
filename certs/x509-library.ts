/**
 * The one door to @peculiar/x509, which makes certificates for us and is never asked to judge one. It needs the
 * reflection polyfill loaded before itself, which is why nothing else here imports it directly.
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export { x509 };
