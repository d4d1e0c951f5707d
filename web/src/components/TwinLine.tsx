/** Download and upload of the last minutes in one small picture; it says nothing that is not beside it in words. */
import type { Line } from '../live/recent';
import { toPath } from './Sparkline';

export function TwinLine({ line }: { line: Line }) {
	const top = Math.max(0.05, ...line.download.map((one) => one ?? 0), ...line.upload.map((one) => one ?? 0));
	return (
		<svg className="twin" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
			<path className="twin-down" d={toPath(line.download, top)} vectorEffect="non-scaling-stroke" />
			<path className="twin-up" d={toPath(line.upload, top)} vectorEffect="non-scaling-stroke" />
		</svg>
	);
}
