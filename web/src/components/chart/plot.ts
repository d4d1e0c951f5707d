/** The drawing itself, with uPlot; loaded only when a chart is on the page. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clock, day, latency, month } from '../../format';
import { paintLoss } from './loss';
import { sizeOf } from './Plot';
import type { Columns, Measure } from './series';

export interface PlotOptions {
	kind: Measure | 'up';
	columns: Columns;
	/** Seconds since 1970 of both ends. */
	from: number;
	to: number;
	/** Of the scale, where it is known: all devices, or 1. */
	most: number | null;
	onHover: (index: number | null) => void;
	onZoom: (from: number, to: number) => void;
}

const SYNC = 'dashnet';
const DAY = 86_400;

export function makePlot(element: HTMLElement, options: PlotOptions): uPlot {
	const plot = new uPlot(toUplot(element, options), toData(options), element);
	plot.over.addEventListener('mouseleave', () => options.onHover(null));
	return plot;
}

/** Other points in the same plot, without a jump. */
export function showColumns(plot: uPlot, options: Pick<PlotOptions, 'kind' | 'columns' | 'from' | 'to'>): void {
	plot.batch(() => {
		plot.setData(toData(options), false);
		plot.setScale('x', { min: options.from, max: options.to });
	});
}

function toData({ kind, columns }: Pick<PlotOptions, 'kind' | 'columns'>): uPlot.AlignedData {
	if (kind === 'up') return [columns.at, columns.up];
	if (kind === 'latency') return [columns.at, columns.latencyMax, columns.latencyMin, columns.latency, columns.loss];
	const { downloadMax, downloadMin, download, uploadMax, uploadMin, upload } = columns;
	return [columns.at, downloadMax, downloadMin, download, uploadMax, uploadMin, upload];
}

type Colour = (name: string) => string;

function toUplot(element: HTMLElement, options: PlotOptions): uPlot.Options {
	const style = getComputedStyle(element);
	const colour: Colour = (name) => style.getPropertyValue(`--${name}`).trim();
	// As large as the rest of the page, whose letters grow with a wall.
	const letter = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.75;
	const axis = { stroke: colour('soft'), font: `${letter}px ${style.fontFamily}`, ticks: { show: false } };
	const grid = { stroke: colour('grid'), width: 1 };
	return {
		...sizeOf(element),
		legend: { show: false },
		padding: [8, 26, 0, 0],
		cursor: {
			sync: { key: SYNC },
			drag: { x: true, y: false, setScale: false },
			points: { size: 8 },
			x: true,
			y: false,
		},
		scales: {
			x: { time: true, range: (_, min, max) => [min, max], min: options.from, max: options.to },
			y: { range: (_, __, max) => [0, options.most ?? Math.max(max * 1.08, 0.1)] },
			loss: { range: [0, 1] },
		},
		...DRAWN[options.kind](colour),
		axes: [
			{ ...axis, grid: { show: false }, space: letter * 6, values: timeLabels, size: letter * 2.5 },
			{
				...axis,
				grid,
				size: letter * 4.6,
				space: letter * (options.kind === 'up' ? 2.2 : 3),
				...(options.kind === 'up' ? { incrs: options.most === 1 ? [0.5, 1] : COUNTS } : {}),
				values: (_, splits) => splits.map((value) => yLabel(options, value)),
			},
		],
		hooks: {
			setCursor: [(plot) => options.onHover(plot.cursor.idx ?? null)],
			setSelect: [
				(plot) => {
					const { left, width } = plot.select;
					if (width > 6) options.onZoom(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'));
					plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
				},
			],
			...(options.kind === 'latency' ? { drawClear: [(plot) => paintLoss(plot, LOSS_SERIES, colour('down'))] } : {}),
		},
	};
}

const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000];
const EDGE: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
/** Painted behind the plot, not drawn in it. */
const LOSS: uPlot.Series = { ...EDGE, scale: 'loss', paths: () => null };
const LOSS_SERIES = 4;

const line = (colour: string, more: uPlot.Series = {}): uPlot.Series => ({
	stroke: colour,
	width: 2,
	points: { show: isLonely, size: 5, fill: colour },
	...more,
});

/** What each kind draws of its columns. */
const DRAWN: Record<PlotOptions['kind'], (colour: Colour) => Pick<uPlot.Options, 'series' | 'bands'>> = {
	traffic: (colour) => ({
		series: [
			{},
			EDGE,
			EDGE,
			line(colour('download'), { fill: colour('download-fill') }),
			EDGE,
			EDGE,
			line(colour('upload')),
		],
		bands: [
			{ series: [1, 2], fill: colour('download-band') },
			{ series: [4, 5], fill: colour('upload-band') },
		],
	}),
	latency: (colour) => ({
		series: [{}, EDGE, EDGE, line(colour('latency')), LOSS],
		bands: [{ series: [1, 2], fill: colour('latency-band') }],
	}),
	up: (colour) => ({
		series: [
			{},
			line(colour('purple'), {
				fill: colour('purple-fill'),
				paths: uPlot.paths.stepped?.({ align: 1 }) as uPlot.Series.PathBuilder,
			}),
		],
	}),
};

/** A point between two gaps has no line; without a mark it would not be seen. */
function isLonely(plot: uPlot, series: number, from: number, to: number): boolean {
	const cells = plot.data[series] ?? [];
	if (to - from < 3) return true;
	for (let index = from; index <= to; index += 1) {
		const isKnown = cells[index] != null;
		if (isKnown && cells[index - 1] == null && cells[index + 1] == null) return true;
	}
	return false;
}

function yLabel({ kind, most }: PlotOptions, value: number): string {
	if (kind === 'traffic') return value.toLocaleString();
	if (kind === 'latency') return `${latency(value)} ms`;
	return most === 1 ? `${value * 100} %` : value.toLocaleString();
}

function timeLabels(_: uPlot, splits: number[], __: number, ___: number, increment: number): string[] {
	let before = '';
	return splits.map((at) => {
		if (increment >= 28 * DAY) return month(at);
		if (increment >= DAY) return day(at);
		const isMidnight = clock(at) === '00:00';
		const text = isMidnight && day(at) !== before ? day(at) : clock(at);
		before = day(at);
		return text;
	});
}
