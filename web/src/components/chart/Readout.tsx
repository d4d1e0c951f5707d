/** The values at one instant in words: those of the measures shown, and how much was up. */
import type { ReactNode } from 'react';
import { latency, moment, ratio, speed } from '../../format';
import { words } from '../../words';
import { DownloadIcon, UploadIcon } from '../signs';
import type { Cells, Columns, Measure } from './series';

interface Props {
	columns: Columns;
	index: number;
	/** Number of all devices; 1 for a device's own chart. */
	most: number | null;
	measures: readonly Measure[];
}

export function Readout({ columns, index, most, measures }: Props) {
	const at = columns.at[index];
	if (at === undefined) return <div className="readout" />;
	const up = columns.up[index] ?? null;
	return (
		<div className="readout">
			<span className="readout-at">{moment(at)}</span>
			{measures.map((measure) => VALUES[measure](columns, index))}
			<Value key="up" name={most === 1 ? words.state.up : words.devicesUp} className="purple">
				{up === null ? words.notMonitored : most === 1 ? ratio(up) : upCount(up)}
			</Value>
		</div>
	);
}

const VALUES: Record<Measure, (columns: Columns, index: number) => ReactNode[]> = {
	traffic: ({ download, downloadMin, downloadMax, upload, uploadMin, uploadMax }, index) => [
		<Value key="down" name={words.download} className="download" icon={<DownloadIcon size={14} />}>
			{told([download, downloadMin, downloadMax], index, speed, words.mbit)}
		</Value>,
		<Value key="upload" name={words.upload} className="upload" icon={<UploadIcon size={14} />}>
			{told([upload, uploadMin, uploadMax], index, speed, words.mbit)}
		</Value>,
	],
	latency: ({ latency: mean, latencyMin, latencyMax, loss }, index) => [
		<Value key="latency" name={words.latency} className="latency">
			{told([mean, latencyMin, latencyMax], index, latency, words.milliseconds)}
		</Value>,
		loss[index] !== null && loss[index] !== undefined && (
			<Value key="loss" name={words.loss} className={loss[index] > 0 ? 'loss' : 'quiet'}>
				{ratio(loss[index])}
			</Value>
		),
	],
};

const upCount = (up: number) => up.toLocaleString(undefined, { maximumFractionDigits: 1 });

/** A mean with its unit, and what it lies between; a dash where it was not measured. */
function told(
	[means, lows, highs]: readonly [Cells, Cells, Cells],
	index: number,
	tell: (value: number | null | undefined) => string,
	unit: string,
) {
	const [mean, low, high] = [means[index] ?? null, lows[index] ?? null, highs[index] ?? null];
	if (mean === null) return '–';
	if (low === high || low === null) return `${tell(mean)} ${unit}`;
	return (
		<>
			{tell(mean)} {unit} <small>({words.extremes(tell(low), tell(high))})</small>
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
