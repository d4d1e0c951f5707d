/**
 * Lets a test in another language drive a page: a line of JSON in, {"method": …, "args": […]} of Playwright's Page (or
 * "complaints"), a line of JSON out, {"value": …} or {"error": …}. Ends with its input.
 */
import { createInterface } from 'node:readline';
import { launch, openPage } from './browser.mjs';

const browser = await launch();
const { page, complaints } = await openPage(browser, JSON.parse(process.argv[2] ?? '{}'));
page.setDefaultTimeout(20_000);
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

say({ value: 'ready' });
for await (const line of createInterface({ input: process.stdin })) {
	const { method, args } = JSON.parse(line);
	try {
		const value = method === 'complaints' ? complaints : await page[method](...args);
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
await browser.close();
