/** Lost packets as the colour behind a plot: the more are lost, the redder; where none are, nothing. */
import type uPlot from 'uplot';

/** Paint a column for each point of the series with this index, from its moment to that of the next. */
export function paintLoss(plot: uPlot, series: number, colour: string): void {
	const [moments, losses] = [plot.data[0], plot.data[series]];
	if (losses === undefined) return;
	const { left, top, width, height } = plot.bbox;
	const { ctx } = plot;
	ctx.save();
	ctx.beginPath();
	ctx.rect(left, top, width, height);
	ctx.clip();
	ctx.fillStyle = colour;
	for (const [index, loss] of losses.entries()) {
		if (!loss) continue;
		const [begin, end] = spanOf(moments, index);
		const x = plot.valToPos(begin, 'x', true);
		ctx.globalAlpha = alphaOf(loss);
		ctx.fillRect(x, top, Math.max(2, plot.valToPos(end, 'x', true) - x), height);
	}
	ctx.restore();
}

/** Seconds of both ends of a point; the last is as long as the one before. */
function spanOf(moments: ArrayLike<number>, index: number): [number, number] {
	const begin = moments[index] ?? 0;
	const before = moments[index - 1] ?? begin - 60;
	return [begin, moments[index + 1] ?? begin + (begin - before)];
}

/** A single lost packet is seen, and all lost is not yet opaque: the grid stays. */
const alphaOf = (loss: number) => 0.12 + 0.5 * Math.min(1, loss);
