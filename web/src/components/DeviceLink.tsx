/** A link to a device's view: a real address, followed without loading the page anew. */
import type { MouseEvent, ReactNode } from 'react';
import { go, hrefOf, type View } from '../address';
import { useLive } from '../hooks';
import { SimMark } from './SimMark';

interface Props {
	to: Partial<View>;
	children: ReactNode;
	className?: string;
	isCurrent?: boolean;
	tabIndex?: number;
}

export function ViewLink(props: Props) {
	const follow = (event: MouseEvent) => {
		if (event.metaKey || event.ctrlKey || event.shiftKey) return;
		event.preventDefault();
		go(props.to);
		scrollTo({ top: 0 });
	};
	return (
		<a
			href={hrefOf(props.to)}
			onClick={follow}
			className={props.className}
			tabIndex={props.tabIndex}
			aria-current={props.isCurrent ? 'page' : undefined}
		>
			{props.children}
		</a>
	);
}

export function DeviceLink({ id, name }: { id: number; name: string }) {
	const driver = useLive((live) => live.panel?.devices.get(id)?.driver);
	return (
		<span className="device-name">
			<ViewLink to={{ device: id, stretch: null }} className="device-link">
				{name}
			</ViewLink>
			<SimMark driver={driver} />
		</span>
	);
}
