/** Traffic and devices up over the same time: values at one instant, zoom, and all of it as words and as a table. */
import { Button, SegmentedControl } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { go, RANGES, type RangeName, useView } from '../../address';
import { clock, duration, moment, ratio, speed } from '../../format';
import { words } from '../../words';
import { Card } from '../Card';
import { DownloadIcon, UploadIcon } from '../signs';
import { ChartTable } from './ChartTable';
import { Plot } from './Plot';
import type { History } from './question';
import { type Columns, largest, lastKnown, toColumns } from './series';

interface Props {
	title: string;
	history: History | undefined;
	isFailed: boolean;
	/** Number of all devices; 1 for a device's own chart. */
	most: number | null;
	isTall?: boolean;
	/** Of a page that has a chart already, whose range is this one's too. */
	isSecond?: boolean;
}

export function HistoryChart({ title, history, isFailed, most, isTall, isSecond }: Props) {
	const [hovered, setHovered] = useState<number | null>(null);
	const columns = useMemo(() => toColumns(history?.points ?? []), [history]);
	const { stretch } = useView();
	const from = columns.at[0] ?? 0;
	const to = Math.max(columns.at.at(-1) ?? 0, from + 1);
	const last = lastKnown(columns);
	const shared = { columns, from, to, onHover: setHovered, onZoom: zoom };
	return (
		<Card title={title} className="chart" aside={!isSecond && <RangeChoice />}>
			{isFailed && <p className="quiet">{words.trouble.history}</p>}
			<Readout columns={columns} index={hovered ?? last} most={most} />
			<div className="plots">
				{history && last === -1 && <p className="plot-empty">{most === 0 ? words.first.empty : words.noPast}</p>}
				<Plot
					{...shared}
					kind="traffic"
					most={null}
					height={Math.max(230, Math.round(innerHeight * (isTall ? 0.28 : 0.2)))}
					label={summarise(columns)}
				/>
				<Plot
					{...shared}
					kind="up"
					most={most}
					height={Math.max(96, Math.round(innerHeight * 0.08))}
					label={words.devicesUp}
				/>
			</div>
			<div className="chart-foot">
				<span className="quiet">
					{history?.step_seconds && words.perPoint(duration(history.step_seconds))}
					{history?.fine && words.finer(clock(history.fine.since), duration(history.fine.stepSeconds))}
				</span>
				{stretch && !isSecond && (
					<Button size="compact-sm" variant="light" onClick={() => go({ stretch: null })}>
						{words.backToLive}
					</Button>
				)}
				<ChartTable columns={columns} most={most} />
			</div>
		</Card>
	);
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

function Readout({ columns, index, most }: { columns: Columns; index: number; most: number | null }) {
	const at = columns.at[index];
	if (at === undefined) return <div className="readout" />;
	const up = columns.up[index] ?? null;
	return (
		<div className="readout">
			<span className="readout-at">{moment(at)}</span>
			<Value name={words.download} className="download" icon={<DownloadIcon size={14} />}>
				{told(columns.download[index], columns.downloadMin[index], columns.downloadMax[index])}
			</Value>
			<Value name={words.upload} className="upload" icon={<UploadIcon size={14} />}>
				{told(columns.upload[index], columns.uploadMin[index], columns.uploadMax[index])}
			</Value>
			<Value name={most === 1 ? words.state.up : words.devicesUp} className="purple">
				{up === null ? words.nobodyLooked : most === 1 ? ratio(up) : upCount(up)}
			</Value>
		</div>
	);
}

const upCount = (up: number) => up.toLocaleString(undefined, { maximumFractionDigits: 1 });

function told(mean: number | null | undefined, low: number | null | undefined, high: number | null | undefined) {
	if (mean === null || mean === undefined) return words.nobodyLooked;
	if (low === high || low === undefined || low === null) return `${speed(mean)} ${words.mbit}`;
	return (
		<>
			{speed(mean)} {words.mbit} <small>({words.extremes(speed(low), speed(high))})</small>
		</>
	);
}

function Value(props: { name: string; className: string; icon?: ReactNode; children: ReactNode }) {
	return (
		<span className={`value ${props.className}`}>
			{props.icon ?? <i className="dot" aria-hidden="true" />}
			<span className="value-name">{props.name}</span> <b>{props.children}</b>
		</span>
	);
}

function summarise(columns: Columns): string {
	const [begin, end] = [columns.at[0], columns.at.at(-1)];
	if (begin === undefined || end === undefined) return words.loading;
	const most = (cells: Columns['download']) => `${speed(largest(cells))} ${words.mbit}`;
	return words.chartText(moment(begin), moment(end), most(columns.downloadMax), most(columns.uploadMax));
}
