/** Pictures of the main views: `node pictures.mjs http://127.0.0.1:5001/ FOLDER [NAME]`, or one of them. */
import { launch, openPage } from './browser.mjs';

const [base, folder, only = ''] = process.argv.slice(2);
const WIDE = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const WALL = { viewport: { width: 1920, height: 1080 } };

const VIEWS = [
	['overview', '?range=24h', WIDE, true],
	['devices', '?view=devices', WIDE, false],
	['device', '?device=1&range=24h', WIDE, true],
	['map', '?view=map', WIDE, false],
	['month', '?range=30d', WIDE, false],
	['kiosk', '?range=24h&kiosk', WALL, false],
	['phone', '?range=24h', PHONE, false],
	['phone-devices', '?view=devices', PHONE, false],
	['phone-device', '?device=1', PHONE, true],
];

const browser = await launch();
for (const [name, query, size, fullPage] of VIEWS) {
	for (const colorScheme of ['light', 'dark']) {
		if (only && name !== only) continue;
		const { page, complaints } = await openPage(browser, { ...size, colorScheme });
		await page.addInitScript(() => localStorage.setItem('dashnet-welcomed', 'yes'));
		await page.goto(base + query);
		await page.waitForSelector('.fresh-well');
		await page.waitForTimeout(900);
		await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png`, fullPage });
		for (const complaint of complaints) console.error(`${name}-${colorScheme}: ${complaint}`);
		await page.context().close();
	}
}
await browser.close();
