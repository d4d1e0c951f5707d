/** Signs of states, outcomes and directions: form and word, never colour alone. */
import type { ReactNode } from 'react';
import type { State } from '../live/messages';
import { words } from '../words';

function Icon({ children, size = 18 }: { children: ReactNode; size?: number }) {
	return (
		<svg
			aria-hidden="true"
			width={`${size / 16}rem`}
			height={`${size / 16}rem`}
			viewBox="0 0 24 24"
			fill="none"
			stroke="currentColor"
			strokeWidth="2"
			strokeLinecap="round"
			strokeLinejoin="round"
		>
			{children}
		</svg>
	);
}

const WAVES = (
	<>
		<path d="M5 12.5a10 10 0 0 1 14 0" />
		<path d="M8.5 16a5 5 0 0 1 7 0" />
		<path d="M2 9a15 15 0 0 1 20 0" />
		<path d="M12 19.5h.01" />
	</>
);

const STATES: Record<State, ReactNode> = {
	up: WAVES,
	down: (
		<>
			<path d="M3 3l18 18" />
			<path d="M5 12.5a10 10 0 0 1 5.2-2.7" />
			<path d="M8.5 16a5 5 0 0 1 6.3-.6" />
			<path d="M2 9a15 15 0 0 1 4.2-2.7M22 9A15 15 0 0 0 11 5.1" />
			<path d="M12 19.5h.01" />
		</>
	),
	unknown: (
		<>
			<circle cx="12" cy="12" r="9" />
			<path d="M9.2 9.2a2.9 2.9 0 1 1 4.2 2.9c-.9.4-1.4 1-1.4 1.9" />
			<path d="M12 17h.01" />
		</>
	),
};

export function StateSign({ state, size }: { state: State; size?: number }) {
	return (
		<span className={`sign sign-${state}`}>
			<Icon {...(size === undefined ? {} : { size })}>{STATES[state]}</Icon>
			<span>{words.state[state]}</span>
		</span>
	);
}

export function DownloadIcon({ size = 18 }: { size?: number }) {
	return (
		<Icon size={size}>
			<path d="M12 4v14M6 12.5l6 6 6-6" />
		</Icon>
	);
}

export function UploadIcon({ size = 18 }: { size?: number }) {
	return (
		<Icon size={size}>
			<path d="M12 20V6M6 11.5l6-6 6 6" />
		</Icon>
	);
}

export const SunIcon = () => (
	<Icon>
		<circle cx="12" cy="12" r="4" />
		<path d="M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4" />
	</Icon>
);
export const MoonIcon = () => (
	<Icon>
		<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" />
	</Icon>
);
export const SystemIcon = () => (
	<Icon>
		<circle cx="12" cy="12" r="9" />
		<path d="M12 3v18a9 9 0 0 0 0-18z" fill="currentColor" />
	</Icon>
);
export const WallIcon = () => (
	<Icon>
		<path d="M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4" />
	</Icon>
);
export const WarnIcon = () => (
	<Icon>
		<path d="M12 3.5l9.5 16.5h-19z" />
		<path d="M12 10v4.5M12 17.3h.01" />
	</Icon>
);
