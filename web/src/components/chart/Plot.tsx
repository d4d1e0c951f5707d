/** One plot on the page: made when its library is there, fed without being made anew, as wide as its place. */
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type uPlot from 'uplot';
import type { PlotOptions } from './plot';

const library = () => import('./plot');

export function Plot(props: PlotOptions & { label: string }) {
	const place = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | null>(null);
	const latest = useRef(props);
	latest.current = props;
	const scheme = useComputedColorScheme('light');

	// biome-ignore lint/correctness/useExhaustiveDependencies: the plot reads its colours when it is made, so another scheme makes another plot.
	useEffect(() => {
		const element = place.current;
		if (element === null) return;
		let isGone = false;
		const watcher = new ResizeObserver(() =>
			plot.current?.setSize({ width: element.clientWidth, height: props.height }),
		);
		library().then(({ makePlot }) => {
			if (isGone) return;
			plot.current = makePlot(element, {
				...latest.current,
				onHover: (index) => latest.current.onHover(index),
				onZoom: (from, to) => latest.current.onZoom(from, to),
			});
			watcher.observe(element);
		});
		return () => {
			isGone = true;
			watcher.disconnect();
			plot.current?.destroy();
			plot.current = null;
		};
	}, [props.kind, props.height, props.most, scheme]);

	useEffect(() => {
		const { kind, columns, from, to } = props;
		library().then(({ showColumns }) => {
			if (plot.current) showColumns(plot.current, { kind, columns, from, to });
		});
	}, [props.kind, props.columns, props.from, props.to, props]);

	return <div ref={place} className={`plot plot-${props.kind}`} role="img" aria-label={props.label} />;
}
