/** A small line without axes; nulls are gaps. It says nothing that is not beside it in words. */
export function Sparkline({ values, className }: { values: readonly (number | null)[]; className?: string }) {
	const top = Math.max(0.0001, ...values.map((value) => value ?? 0));
	return (
		<svg className={`spark ${className ?? ''}`} viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
			<path d={toPath(values, top)} vectorEffect="non-scaling-stroke" />
		</svg>
	);
}

/** A path in a box of 100 by 30; a value between two gaps is a dash, for it would not be seen else. */
export function toPath(values: readonly (number | null)[], top: number): string {
	const width = 100 / Math.max(values.length - 1, 1);
	const y = (value: number) => (29 - (value / top) * 27).toFixed(1);
	let path = '';
	for (const [index, value] of values.entries()) {
		if (value === null) continue;
		const isFirst = values[index - 1] == null;
		path += `${isFirst ? 'M' : 'L'}${(index * width).toFixed(1)} ${y(value)}`;
		if (isFirst && values[index + 1] == null) path += 'h1';
	}
	return path;
}
