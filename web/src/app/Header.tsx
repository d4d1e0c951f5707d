/** The bar at the top: the name, the ways, how fresh all is, theme and kiosk. */
import { ActionIcon, useMantineColorScheme } from '@mantine/core';
import { go, useView } from '../address';
import { Age } from '../components/Age';
import { ViewLink } from '../components/DeviceLink';
import { MoonIcon, SunIcon, SystemIcon, WallIcon } from '../components/signs';
import { useLive } from '../hooks';
import { words } from '../words';
import type { Trouble } from './trouble';

const PAGES = [
	['overview', words.overview],
	['devices', words.devices],
	['map', words.map.title],
	['jobs', words.jobs],
] as const;

/** How what is shown stands to the present. */
export interface Standing {
	trouble: Trouble | null;
	/** When it was so, where it is stale; else null. */
	asOf: string | null;
}

export function Header(standing: Standing) {
	const view = useView();
	return (
		<header className="top">
			<ViewLink to={{ page: 'overview', device: null, stretch: null }} className="brand">
				{words.name}
			</ViewLink>
			<nav aria-label={words.name}>
				{PAGES.map(([page, name]) => (
					<ViewLink
						key={page}
						to={{ page, device: null, stretch: null }}
						isCurrent={view.page === page && view.device === null}
						className={`nav-${page}`}
					>
						{name}
					</ViewLink>
				))}
			</nav>
			<Freshness {...standing} />
			<ThemeButton />
			<ActionIcon
				className="wall-button"
				variant="subtle"
				color="gray"
				size="lg"
				aria-label={words.kiosk}
				title={words.kiosk}
				onClick={() => go({ isKiosk: true, page: 'overview', device: null })}
			>
				<WallIcon />
			</ActionIcon>
		</header>
	);
}

export function Freshness({ trouble, asOf }: Standing) {
	const link = useLive((live) => live.link);
	const timeStamp = useLive((live) => live.panel?.timeStamp);
	// What is shown is the present all the same while it only waits to be stored.
	const isBad = (trouble !== null && trouble.kind !== 'delayed') || asOf !== null;
	const kind = isBad ? 'bad' : link === 'open' ? 'well' : 'wait';
	return (
		<span className={`fresh fresh-${kind}`}>
			<i aria-hidden="true" />
			<b>{link === 'open' && asOf !== null ? words.stale : words.link[link]}</b>
			{timeStamp && (
				<span className="fresh-age">
					<Age at={timeStamp} />
				</span>
			)}
		</span>
	);
}

const NEXT = { auto: 'light', light: 'dark', dark: 'auto' } as const;
const ICONS = { auto: SystemIcon, light: SunIcon, dark: MoonIcon };

function ThemeButton() {
	const { colorScheme, setColorScheme } = useMantineColorScheme();
	const Icon = ICONS[colorScheme];
	return (
		<ActionIcon
			variant="subtle"
			color="gray"
			size="lg"
			aria-label={words.theme[colorScheme]}
			title={words.theme[colorScheme]}
			onClick={() => setColorScheme(NEXT[colorScheme])}
		>
			<Icon />
		</ActionIcon>
	);
}
