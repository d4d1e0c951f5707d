/** A small line without axes; nulls are gaps. It says nothing that is not beside it in words. */
export function Sparkline({ values, className }: { values: readonly (number | null)[]; className?: string }) {
	const known = values.filter((value) => value !== null);
	const top = Math.max(...known, 0.0001);
	const x = (index: number) => ((index / Math.max(values.length - 1, 1)) * 100).toFixed(2);
	const y = (value: number) => (29 - (value / top) * 27).toFixed(2);
	let path = '';
	let isDrawing = false;
	for (const [index, value] of values.entries()) {
		if (value !== null) path += `${isDrawing ? 'L' : 'M'}${x(index)} ${y(value)}`;
		isDrawing = value !== null;
	}
	return (
		<svg className={`spark ${className ?? ''}`} viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
			<path d={path} vectorEffect="non-scaling-stroke" />
		</svg>
	);
}
