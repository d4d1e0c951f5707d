/** A real Chromium for pictures and end-to-end tests: nothing but loopback, every complaint of the page kept. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const QUIET = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--hide-scrollbars',
	// A name that no page should ask for is not found, instead of being asked for.
	'--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
];

export function findChromium() {
	return process.env.DASHNET_CHROMIUM ?? PLACES.find(existsSync);
}

export async function launch() {
	return chromium.launch({ executablePath: findChromium(), args: QUIET });
}

/** A browser that other processes connect to, by its `wsEndpoint()`. */
export async function serve() {
	return chromium.launchServer({ executablePath: findChromium(), args: QUIET });
}

export const connect = (endpoint) => chromium.connect(endpoint);

/** A page in a context of its own; `complaints` gathers what its console, scripts and policy object to. */
export async function openPage(browser, options = {}) {
	const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options });
	const page = await context.newPage();
	const complaints = [];
	page.on('console', (message) => {
		if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
	});
	page.on('pageerror', (error) => complaints.push(String(error)));
	return { page, complaints };
}
