/**
 * What the bench "screen" measures in a real Chromium: `node measure.mjs first|smooth http://127.0.0.1:5001/`.
 * Prints one JSON document; times are milliseconds.
 */
import { launch, openPage } from './browser.mjs';

const [kind, base] = process.argv.slice(2);
const ROUNDS = 5;
const REFRESHES = 4;
const SIZE = { viewport: { width: 1440, height: 900 } };
const VIEWS = { overview: '?', devices: '?view=devices', sorted: '?view=devices&sort=-down', map: '?view=map' };

const browser = await launch();
const result = kind === 'first' ? await measureFirst() : await measureSmooth();
console.log(JSON.stringify(result));
await browser.close();

/** From the start of the navigation to the first frame with numbers in the tiles, with nothing in the cache. */
async function measureFirst() {
	const seconds = [];
	for (let round = 0; round <= ROUNDS; round += 1) {
		const { page } = await openPage(browser, SIZE);
		await page.addInitScript(() => {
			const look = () => {
				if (document.querySelector('.tile-up b')) window.firstView ??= performance.now();
				else requestAnimationFrame(look);
			};
			requestAnimationFrame(look);
		});
		await page.goto(base);
		await page.waitForFunction(() => window.firstView !== undefined);
		seconds.push(await page.evaluate(() => window.firstView));
		await page.context().close();
	}
	// The first of all warms Chromium itself.
	return { firstView: seconds.slice(1) };
}

/** The longest task and the frames of each view while refreshes come; the table is scrolled all the while. */
async function measureSmooth() {
	const found = {};
	for (const [name, query] of Object.entries(VIEWS)) {
		const { page } = await openPage(browser, SIZE);
		await page.addInitScript(() => localStorage.setItem('dashnet-welcomed', 'yes'));
		await page.goto(base + query);
		await page.waitForSelector('.fresh-well');
		await page.waitForTimeout(2000);
		await page.evaluate(watch);
		if (process.env.DASHNET_PROFILE) await startProfile(page);
		for (let number = 0; number < REFRESHES; number += 1) await refreshOnce(page, name);
		found[name] = await page.evaluate(() => window.seen);
		found[name].worstSecond = worstSecond(found[name].frames);
		if (process.env.DASHNET_PROFILE) await printProfile(page, name);
		await page.context().close();
	}
	return found;
}

/** How few frames there were in any whole second. */
function worstSecond(frames) {
	let [first, length, fewest] = [0, 0, Number.POSITIVE_INFINITY];
	for (const [index, frame] of frames.entries()) {
		length += frame;
		while (length - frames[first] >= 1000) length -= frames[first++];
		if (length >= 1000) fewest = Math.min(fewest, index - first + 1);
	}
	return fewest;
}

function watch() {
	window.seen = { tasks: [], frames: [] };
	new PerformanceObserver((list) => {
		for (const entry of list.getEntries()) window.seen.tasks.push(entry.duration);
	}).observe({ type: 'longtask' });
	let before;
	const frame = (now) => {
		if (before !== undefined) window.seen.frames.push(now - before);
		before = now;
		requestAnimationFrame(frame);
	};
	requestAnimationFrame(frame);
}

/** Asks for a refresh over the page's own kind of link, and turns the wheel until well after it has come. */
async function refreshOnce(page, name) {
	const before = await page.evaluate(() => document.querySelector('.fresh-age time').dateTime);
	await page.evaluate(
		(url) => {
			const socket = new WebSocket(url);
			socket.onopen = () => {
				// A view of one device, so that the answer costs the page nothing.
				socket.send(JSON.stringify({ socket_type: 'refresh' }));
				setTimeout(() => socket.close(), 200);
			};
		},
		`${base.replace('http', 'ws')}live?device_ids=1`,
	);
	await page.mouse.move(700, 600);
	const limit = Date.now() + 15_000;
	let seenAt = null;
	while (Date.now() < limit && (seenAt === null || Date.now() < seenAt + 1000)) {
		if (name === 'devices' || name === 'sorted') await page.mouse.wheel(0, 240);
		await page.waitForTimeout(30);
		const now = await page.evaluate(() => document.querySelector('.fresh-age time').dateTime);
		if (now !== before) seenAt ??= Date.now();
	}
	if (seenAt === null) throw new Error('no refresh came within 15 s');
}

async function startProfile(page) {
	page.profiler = await page.context().newCDPSession(page);
	await page.profiler.send('Profiler.enable');
	await page.profiler.send('Profiler.setSamplingInterval', { interval: 500 });
	await page.profiler.send('Profiler.start');
}

/** The functions in which most time went, on stderr. */
async function printProfile(page, name) {
	const { profile } = await page.profiler.send('Profiler.stop');
	const own = new Map();
	const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
	for (const [index, id] of profile.samples.entries()) {
		const { functionName, url, lineNumber, columnNumber } = nodes.get(id).callFrame;
		const key = `${functionName || '(anonymous)'} ${url.split('/').at(-1)}:${lineNumber}:${columnNumber}`;
		own.set(key, (own.get(key) ?? 0) + profile.timeDeltas[index] / 1000);
	}
	const most = [...own].sort((one, other) => other[1] - one[1]).slice(0, 25);
	console.error(`${name}\n${most.map(([key, ms]) => `${ms.toFixed(0).padStart(7)} ms  ${key}`).join('\n')}`);
}
