/** A browser for many tests after each other: says where it is in one line, and ends with its input. */
import { serve } from './browser.mjs';

const server = await serve();
process.stdout.write(`${server.wsEndpoint()}\n`);
process.stdin.resume();
process.stdin.on('end', () => server.close());
