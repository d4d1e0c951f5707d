/** The screen: what the address asks for, and above it what is wrong. */
import { lazy, memo, Suspense, useEffect } from 'react';
import { go, useView, type View } from '../address';
import { WarnIcon } from '../components/signs';
import { DeviceView } from '../features/device/DeviceView';
import { Devices } from '../features/devices/Devices';
import { AddButton, DeviceActions } from '../features/edit/Actions';
import { useJobRuns, useLive, useNow } from '../hooks';
import { words } from '../words';
import { DevicesMenu } from './DevicesMenu';
import { Freshness, Header, type Standing } from './Header';
import { NoticeBar } from './NoticeBar';
import { Overview } from './Overview';
import { showTab, toTab } from './tab';
import { findAsOf, findTrouble } from './trouble';

const NetworkMap = lazy(() => import('../features/map/NetworkMap'));

export function App() {
	const view = useView();
	const live = useLive((all) => all);
	const runs = useJobRuns();
	const now = useNow();
	const trouble = findTrouble(live, runs.data, now);
	const asOf = findAsOf(live, trouble, now);
	const { title, favicon } = toTab(live, trouble, asOf);
	useEffect(() => showTab({ title, favicon }), [title, favicon]);
	useEffect(() => {
		document.documentElement.classList.toggle('kiosk', view.isKiosk);
	}, [view.isKiosk]);
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
				<Page device={view.device} page={view.page} isKiosk={view.isKiosk} asOf={asOf} />
			</main>
			<NoticeBar />
		</>
	);
}

/** Apart, because what is wrong is looked at every second, and the page is not drawn anew for that. */
const Page = memo(function Page(props: Pick<View, 'device' | 'page' | 'isKiosk'> & Pick<Standing, 'asOf'>) {
	const { device, page, isKiosk, asOf } = props;
	if (device !== null) return <DeviceView key={device} id={device} actions={(one) => <DeviceActions device={one} />} />;
	if (page === 'devices')
		return (
			<Devices
				actions={
					<>
						<DevicesMenu />
						<AddButton />
					</>
				}
			/>
		);
	if (page === 'map')
		return (
			<Suspense fallback={<p className="quiet">{words.loading}</p>}>
				<NetworkMap />
			</Suspense>
		);
	return <Overview isKiosk={isKiosk} asOf={asOf} />;
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
