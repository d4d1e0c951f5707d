/** Download and upload of the last minutes in one small picture; it says nothing that is not beside it in words. */
import { knownSpeed } from '../drivers';
import type { Line } from '../live/recent';
import { toPath } from './Sparkline';

export function TwinLine({ line, driver }: { line: Line; driver: string }) {
	const isKnown = [...line.download, ...line.upload].some((one) => knownSpeed(driver, one) !== null);
	const top = Math.max(0.05, ...line.download.map((one) => one ?? 0), ...line.upload.map((one) => one ?? 0));
	return (
		<svg className="twin" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
			{isKnown && (
				<>
					<path className="twin-down" d={toPath(line.download, top)} vectorEffect="non-scaling-stroke" />
					<path className="twin-up" d={toPath(line.upload, top)} vectorEffect="non-scaling-stroke" />
				</>
			)}
		</svg>
	);
}
