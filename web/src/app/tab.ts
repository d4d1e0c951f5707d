/** What a tab in the background tells: the title and the favicon. */
import type { Live } from '../live/store';
import { words } from '../words';
import type { Trouble } from './trouble';

export type Favicon = 'up' | 'down' | 'lost' | 'wait';

export function toTab(
	{ totals }: Pick<Live, 'totals'>,
	trouble: Trouble | null,
	asOf: string | null,
): { title: string; favicon: Favicon } {
	const age = asOf === null ? '' : `, ${words.asOf(asOf)}`;
	if (trouble?.kind === 'lost' || trouble?.kind === 'refused')
		return { title: `⚠ ${words.link[trouble.kind]}${age} · ${words.name}`, favicon: 'lost' };
	if (totals === null) return { title: words.name, favicon: 'wait' };
	const counts = `${totals.up.toLocaleString()}/${totals.devices.toLocaleString()} ${words.state.up.toLowerCase()}`;
	if ((trouble && trouble.kind !== 'delayed') || asOf !== null)
		return { title: `⚠ ${counts}${age} · ${words.name}`, favicon: 'lost' };
	return { title: `${counts} · ${words.name}`, favicon: totals.down > 0 ? 'down' : 'up' };
}

export function showTab({ title, favicon }: ReturnType<typeof toTab>): void {
	if (document.title !== title) document.title = title;
	const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
	const href = `./screen/${favicon}.svg`;
	if (link && link.getAttribute('href') !== href) link.setAttribute('href', href);
}
