/** The screen: what the address asks for, and above it what is wrong. */
import { lazy, memo, Suspense, useEffect } from 'react';
import { go, useView, type View } from '../address';
import { loadPart } from '../api/failure';
import { WarnIcon } from '../components/signs';
import { DeviceView } from '../features/device/DeviceView';
import { Devices } from '../features/devices/Devices';
import { AddButton, DeviceActions } from '../features/edit/Actions';
import { JobsView } from '../features/jobs/JobsView';
import { useJobRuns, useLive, useNow, useSecondsAhead } from '../hooks';
import { words } from '../words';
import { Boundary } from './Boundary';
import { DevicesMenu } from './DevicesMenu';
import { Freshness, Header, type Standing } from './Header';
import { NoticeBar } from './NoticeBar';
import { Overview } from './Overview';
import { showTab, toTab } from './tab';
import { findAsOf, findTrouble, mayBeAhead } from './trouble';

const NetworkMap = lazy(() => loadPart(import('../features/map/NetworkMap')));

export function App() {
	const view = useView();
	const live = useLive((all) => all);
	const runs = useJobRuns();
	const now = useNow();
	const secondsAhead = useSecondsAhead(mayBeAhead(live, now));
	const trouble = findTrouble(live, { runs: runs.data, secondsAhead }, now);
	const asOf = findAsOf(live, trouble, now);
	const { title, favicon } = toTab(live, trouble, asOf);
	useEffect(() => showTab({ title, favicon }), [title, favicon]);
	useEffect(() => {
		const { classList } = document.documentElement;
		classList.toggle('kiosk', view.isKiosk);
		classList.toggle('wall', view.isKiosk && view.device === null && view.page === 'overview');
		if (!view.isKiosk) return;
		addEventListener('keydown', leaveKiosk);
		return () => removeEventListener('keydown', leaveKiosk);
	}, [view.isKiosk, view.device, view.page]);
	return (
		<>
			<a href="#content" className="skip">
				{words.skip}
			</a>
			{view.isKiosk ? <KioskHead trouble={trouble} asOf={asOf} /> : <Header trouble={trouble} asOf={asOf} />}
			<div role="status">
				{trouble && (
					<p className={`trouble trouble-${trouble.kind}`}>
						<WarnIcon />
						{trouble.text}
					</p>
				)}
			</div>
			<main id="content" tabIndex={-1} className={asOf === null ? undefined : 'stale'}>
				<Boundary name={`${view.page} ${view.device}`}>
					<Page device={view.device} page={view.page} isKiosk={view.isKiosk} asOf={asOf} />
				</Boundary>
			</main>
			<NoticeBar />
		</>
	);
}

function leaveKiosk(event: KeyboardEvent): void {
	if (event.key === 'Escape') go({ isKiosk: false });
}

/** Apart, because what is wrong is looked at every second, and the page is not drawn anew for that. */
const Page = memo(function Page(props: Pick<View, 'device' | 'page' | 'isKiosk'> & Pick<Standing, 'asOf'>) {
	const { device, page, isKiosk, asOf } = props;
	if (device !== null) return <DeviceView key={device} id={device} actions={(one) => <DeviceActions device={one} />} />;
	if (page === 'devices')
		return (
			<>
				<h1 className="visually-hidden">{words.devices}</h1>
				<Devices
					actions={
						<>
							<DevicesMenu />
							<AddButton />
						</>
					}
				/>
			</>
		);
	if (page === 'jobs')
		return (
			<>
				<h1 className="visually-hidden">{words.jobs}</h1>
				<JobsView />
			</>
		);
	if (page === 'map')
		return (
			<>
				<h1 className="visually-hidden">{words.map.title}</h1>
				<Suspense fallback={<p className="quiet">{words.loading}</p>}>
					<NetworkMap />
				</Suspense>
			</>
		);
	return (
		<>
			<h1 className="visually-hidden">{words.overview}</h1>
			<Overview isKiosk={isKiosk} asOf={asOf} />
		</>
	);
});

function KioskHead(standing: Standing) {
	return (
		<header className="top">
			<button type="button" className="brand" title={words.leaveKiosk} onClick={() => go({ isKiosk: false })}>
				{words.name}
			</button>
			<Freshness {...standing} />
		</header>
	);
}
