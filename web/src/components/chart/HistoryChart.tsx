/** What was measured and how much was up, over the same time: values at one instant, zoom, and all as words and a table. */
import { Button, SegmentedControl } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { go, RANGES, type RangeName, useView } from '../../address';
import { RequestFailed } from '../../api/failure';
import { clock, duration, latency, moment, ratio, speed, stepLength, toSeconds } from '../../format';
import { words } from '../../words';
import { Card } from '../Card';
import { ChartTable } from './ChartTable';
import { Plot } from './Plot';
import type { History } from './question';
import { Readout } from './Readout';
import { type Cells, type Columns, largest, lastKnown, type Measure, toColumns } from './series';

interface Props {
	title: string | ((measures: readonly Measure[]) => string);
	history: History | undefined;
	/** Why there is none, or none that is newer. */
	error: unknown;
	/** Number of all devices; 1 for a device's own chart. */
	most: number | null;
	/** What to draw, given all that is stored; without it the traffic. */
	choose?: (columns: Columns) => readonly Measure[];
	/** Of a page that has a chart already, whose range is this one's too. */
	isSecond?: boolean;
	/** What else can be chosen, at the foot. */
	choice?: ReactNode;
}

const TRAFFIC: readonly Measure[] = ['traffic'];

export function HistoryChart({ title, history, error, most, choose, isSecond, choice }: Props) {
	const [hovered, setHovered] = useState<number | null>(null);
	const columns = useMemo(() => toColumns(history?.points ?? []), [history]);
	const measures = choose?.(columns) ?? TRAFFIC;
	const { stretch } = useView();
	const [from, to] = useEnds(history, columns);
	const last = lastKnown(columns);
	const shared = { columns, from, to, onHover: setHovered, onZoom: zoom };
	return (
		<Card
			title={typeof title === 'string' ? title : title(measures)}
			className="chart"
			aside={!isSecond && <RangeChoice />}
		>
			{error !== null && (
				<p className="quiet chart-trouble">
					{error instanceof RequestFailed ? words.trouble.history : words.trouble.own}
				</p>
			)}
			<Readout columns={columns} index={hovered ?? last} most={most} measures={measures} />
			<div className="plots">
				{history && last === -1 && <p className="plot-empty">{most === 0 ? words.first.empty : words.noPast}</p>}
				{measures.map((measure) => (
					<Plot key={measure} {...shared} kind={measure} most={null} label={SUMMARIES[measure](columns)} />
				))}
				<Plot key="up" {...shared} kind="up" most={most} label={words.devicesUp} />
			</div>
			<div className="chart-foot">
				<span className="quiet">
					{history && words.perPoint(stepLength(history))}
					{history?.fine && words.finer(clock(history.fine.since), duration(history.fine.stepSeconds))}
				</span>
				{stretch && !isSecond && (
					<Button size="compact-sm" variant="light" onClick={() => go({ stretch: null })}>
						{words.backToLive}
					</Button>
				)}
				{choice}
				<ChartTable columns={columns} most={most} measures={measures} />
			</div>
		</Card>
	);
}

/** Seconds of both ends: those of the points, of the answer where it has none, and of the range before there is any. */
function useEnds(history: History | undefined, { at }: Columns): readonly [number, number] {
	const { range, stretch } = useView();
	return useMemo(() => {
		const [first, last] = [at[0], at.at(-1)];
		if (first !== undefined && last !== undefined) return [first, Math.max(last, first + 1)];
		if (history) return [toSeconds(history.from), toSeconds(history.to)];
		if (stretch) return stretch;
		const now = Math.floor(Date.now() / 1000);
		return [now - Math.min(RANGES[range], RANGES['1y']), now];
	}, [at, history, range, stretch]);
}

function zoom(from: number, to: number): void {
	const begin = Math.floor(from);
	go({ stretch: [begin, Math.max(Math.ceil(to), begin + 120)] });
}

function RangeChoice() {
	const { range, stretch } = useView();
	return (
		<SegmentedControl
			size="xs"
			aria-label={words.range}
			data={(Object.keys(RANGES) as RangeName[]).map((value) => ({ value, label: words.ranges[value] }))}
			value={stretch ? '' : range}
			onChange={(value) => go({ range: value as RangeName, stretch: null })}
		/>
	);
}

const SUMMARIES: Record<Measure, (columns: Columns) => string> = {
	traffic: (columns) => {
		const most = (cells: Cells) => `${speed(largest(cells))} ${words.mbit}`;
		return summarise(columns, (from, to) =>
			words.chartText(from, to, most(columns.downloadMax), most(columns.uploadMax)),
		);
	},
	latency: (columns) =>
		summarise(columns, (from, to) => {
			const ms = `${latency(largest(columns.latencyMax))} ${words.milliseconds}`;
			return words.latencyText(from, to, ms, ratio(largest(columns.loss)));
		}),
};

function summarise({ at }: Columns, tell: (from: string, to: string) => string): string {
	const [begin, end] = [at[0], at.at(-1)];
	if (begin === undefined || end === undefined) return words.loading;
	return tell(moment(begin), moment(end));
}
