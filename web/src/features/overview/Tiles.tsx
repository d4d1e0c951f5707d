/** The three tiles of 2020: how many are up, what comes down, what goes up; each with its last hour. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, found, type SummaryPoint } from '../../api/client';
import { askFinely, type Question, toQuestion } from '../../components/chart/question';
import { ViewLink } from '../../components/DeviceLink';
import { Sparkline } from '../../components/Sparkline';
import { DownloadIcon, UploadIcon } from '../../components/signs';
import { speed } from '../../format';
import { useLive } from '../../hooks';
import { words } from '../../words';
import { type HourPoint, joinHour } from './hour';

export function Tiles() {
	const totals = useLive((live) => live.totals);
	const hour = useHour();
	if (totals === null)
		return (
			<div className="tiles">
				{['a', 'b', 'c'].map((key) => (
					<div key={key} className="card tile skeleton" />
				))}
			</div>
		);
	const { up, down, unknown, devices } = totals;
	return (
		<div className="tiles">
			<Tile className="tile-up" title={words.devicesUp} values={hour.map((one) => one.up)}>
				<ViewLink to={{ page: 'devices', state: down > 0 ? 'down' : null }} className="tile-link">
					<b>{up.toLocaleString()}</b> <small>{words.ofDevices(devices)}</small>
					<span className="tile-note">{words.counts(down, unknown, devices)}</span>
				</ViewLink>
				<Shares up={up} down={down} unknown={unknown} />
			</Tile>
			<Tile
				className="tile-down"
				title={words.download}
				icon={<DownloadIcon />}
				values={hour.map((one) => one.download)}
			>
				<b>{speed(totals.downloadSpeed)}</b> <small>{words.mbit}</small>
			</Tile>
			<Tile className="tile-upload" title={words.upload} icon={<UploadIcon />} values={hour.map((one) => one.upload)}>
				<b>{speed(totals.uploadSpeed)}</b> <small>{words.mbit}</small>
			</Tile>
		</div>
	);
}

function Tile(props: {
	title: string;
	className: string;
	icon?: ReactNode;
	values: (number | null)[];
	children: ReactNode;
}) {
	return (
		<section className={`card tile ${props.className}`}>
			<h2>
				{props.icon}
				{props.title}
			</h2>
			<div className="tile-value">{props.children}</div>
			<Sparkline values={props.values} />
		</section>
	);
}

/** Said in words beside it; so for the eye alone. */
function Shares({ up, down, unknown }: { up: number; down: number; unknown: number }) {
	return (
		<div className="shares" aria-hidden="true">
			{up > 0 && <i className="share-up" style={{ flexGrow: up }} />}
			{down > 0 && <i className="share-down" style={{ flexGrow: down }} />}
			{unknown > 0 && <i className="share-unknown" style={{ flexGrow: unknown }} />}
		</div>
	);
}

function useHour(): readonly HourPoint[] {
	const ring = useLive((live) => live.ring);
	const isKnown = useLive((live) => live.panel !== null);
	const asked = useQuery({
		queryKey: ['hour'],
		enabled: isKnown,
		queryFn: async ({ signal }) => {
			const ask = async (query: Question) =>
				found(await api.GET('/api/summary/history', { params: { query }, signal }));
			return askFinely(ask, toQuestion({ range: '1h', stretch: null }, Date.now(), null));
		},
	});
	return joinHour(
		{
			points: (asked.data?.points ?? []) as readonly SummaryPoint[],
			minutes: (asked.data?.step_seconds ?? 60) / 60,
			fineSince: asked.data?.fine?.since,
		},
		ring,
		Date.now(),
	);
}
