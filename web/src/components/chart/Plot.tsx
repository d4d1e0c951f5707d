/** One plot on the page: made when its library is there, fed without being made anew, as large as its place. */
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type uPlot from 'uplot';
import { loadPart } from '../../api/failure';
import { usePrinting } from '../../hooks';
import type { PlotOptions } from './plot';

const library = () => loadPart(import('./plot'));

export function Plot(props: PlotOptions & { label: string }) {
	const place = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | null>(null);
	const latest = useRef(props);
	latest.current = props;
	const [fault, setFault] = useState<unknown>(null);
	const chosen = useComputedColorScheme('light');
	const isPrinting = usePrinting();
	const scheme = isPrinting ? 'paper' : chosen;

	// biome-ignore lint/correctness/useExhaustiveDependencies: the plot reads its colours when it is made, so another scheme makes another plot.
	useEffect(() => {
		const element = place.current;
		if (element === null) return;
		let isGone = false;
		const watcher = new ResizeObserver(() => plot.current?.setSize(sizeOf(element)));
		library()
			.then(({ makePlot }) => {
				if (isGone) return;
				plot.current = makePlot(element, {
					...latest.current,
					onHover: (index) => latest.current.onHover(index),
					onZoom: (from, to) => latest.current.onZoom(from, to),
				});
				watcher.observe(element);
			})
			.catch(setFault);
		return () => {
			isGone = true;
			watcher.disconnect();
			plot.current?.destroy();
			plot.current = null;
		};
	}, [props.kind, props.most, scheme]);

	useEffect(() => {
		const { kind, columns, from, to } = props;
		library()
			.then(({ showColumns }) => {
				if (plot.current) showColumns(plot.current, { kind, columns, from, to });
			})
			.catch(setFault);
	}, [props.kind, props.columns, props.from, props.to, props]);

	// Where the view's boundary says so.
	if (fault !== null) throw fault;
	return <div ref={place} className={`plot plot-${props.kind}`} role="img" aria-label={props.label} />;
}

export const sizeOf = (element: HTMLElement) => ({ width: element.clientWidth, height: element.clientHeight });
