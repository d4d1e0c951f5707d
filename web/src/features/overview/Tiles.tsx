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
import type { Kind } from '../../live/edge';
import type { Traffic } from '../../live/totals';
import { words } from '../../words';
import { type HourPoint, joinHour } from './hour';

/** `asOf`: when it was so, where that is no longer the present. */
export function Tiles({ asOf }: { asOf: string | null }) {
	const totals = useLive((live) => live.totals);
	const kinds = totals?.traffic.map((one) => one.kind) ?? [];
	const hour = useHour(kinds);
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
					<span className="tile-note">{words.counts(down, unknown, devices, asOf)}</span>
				</ViewLink>
				<Shares up={up} down={down} unknown={unknown} />
			</Tile>
			<Tile
				className="tile-down"
				title={words.download}
				icon={<DownloadIcon />}
				values={hour.map((one) => one.download)}
			>
				<Speeds traffic={totals.traffic} of={(one) => one.downloadSpeed} />
			</Tile>
			<Tile className="tile-upload" title={words.upload} icon={<UploadIcon />} values={hour.map((one) => one.upload)}>
				<Speeds traffic={totals.traffic} of={(one) => one.uploadSpeed} />
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

/** Of the first kind large, of the other beside it: what is real and what is simulated is never added up. */
function Speeds({ traffic, of }: { traffic: readonly Traffic[]; of: (one: Traffic) => number | null }) {
	const [first, other] = traffic;
	return (
		<>
			<b>{speed(first && of(first))}</b>{' '}
			<small>
				{words.mbit}
				{first && other && ` ${words.kinds[first.kind]}`}
			</small>
			{other && (
				<span className="tile-note">
					{speed(of(other))} {words.mbit} {words.kinds[other.kind]}
				</span>
			)}
		</>
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

/** Of one kind all is one answer; of two the states of all devices come from one, the traffic of the first from another. */
function useHour(kinds: readonly Kind[]): readonly HourPoint[] {
	const areTwo = kinds.length > 1;
	const states = useHourOf(areTwo ? 'all' : undefined);
	const traffic = useHourOf(areTwo ? kinds[0] : undefined);
	return traffic.map((one, index) => ({ ...one, up: states[index]?.up ?? null }));
}

function useHourOf(kind: Kind | 'all' | undefined): readonly HourPoint[] {
	const ring = useLive((live) => live.ring);
	const isKnown = useLive((live) => live.panel !== null);
	const asked = useQuery({
		queryKey: ['hour', kind],
		enabled: isKnown,
		queryFn: async ({ signal }) => {
			const ask = async (question: Question) =>
				found(
					await api.GET('/api/summary/history', { params: { query: { ...question, ...(kind && { kind }) } }, signal }),
				);
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
