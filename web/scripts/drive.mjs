/**
 * Lets a test in another language drive a page of the browser at an endpoint (see serve.mjs): a line of JSON in, {"method": …, "args": […]} of Playwright's Page (as
 * "reload", "keyboard.press" or "getByLabel.fill"), "complaints", or "cdp" with a command of Chromium's own protocol; a line of JSON out,
 * {"value": …} or {"error": …}. Ends with its input.
 */
import { createInterface } from 'node:readline';
import { connect, openPage } from './browser.mjs';

const browser = await connect(process.argv[2]);
const { page, complaints } = await openPage(browser, JSON.parse(process.argv[3] ?? '{}'));
page.setDefaultTimeout(20_000);
const protocol = await page.context().newCDPSession(page);
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

function call(method, args) {
	if (method === 'complaints') return complaints;
	if (method === 'cdp') return protocol.send(...args);
	const [owner, action] = method.split('.');
	if (action === undefined) return page[owner](...args);
	// "getByLabel.fill" finds by all but the last argument what "fill" is done to with it; "keyboard" is an object.
	if (typeof page[owner] === 'object') return page[owner][action](...args);
	const wants = action === 'click' ? args : args.slice(0, -1);
	return page[owner](...wants)[action](...args.slice(wants.length));
}

say({ value: 'ready' });
for await (const line of createInterface({ input: process.stdin })) {
	const { method, args } = JSON.parse(line);
	try {
		const value = await call(method, args);
		say({
			value:
				['string', 'number', 'boolean'].includes(typeof value) || method === 'evaluate' || method === 'complaints'
					? (value ?? null)
					: null,
		});
	} catch (error) {
		say({ error: String(error) });
	}
}
await page.context().close();
await browser.close();
