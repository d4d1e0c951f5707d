/** How old a moment is, anew every second; exact on hover. */
import { duration, exact } from '../format';
import { useNow } from '../hooks';

export function Age({ at }: { at: string }) {
	const now = useNow();
	return (
		<time dateTime={at} title={exact(at)}>
			{duration((now - Date.parse(at)) / 1000)}
		</time>
	);
}
