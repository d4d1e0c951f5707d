/** Down now, busiest, slowest, and who changed state lately. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, found } from '../../api/client';
import { Age } from '../../components/Age';
import { Card } from '../../components/Card';
import { DeviceLink, ViewLink } from '../../components/DeviceLink';
import { DownloadIcon, StateSign, UploadIcon } from '../../components/signs';
import { milliseconds, speed } from '../../format';
import { useLive } from '../../hooks';
import { words } from '../../words';
import { roundTripOf, topDevices, trafficOf } from './ranking';

const SHOWN = 6;

export function DownNow() {
	const devices = useLive((live) => live.panel?.devices);
	const down = useMemo(() => [...(devices?.values() ?? [])].filter((device) => device.state !== 'up'), [devices]);
	return (
		<Card
			title={words.downNow}
			aside={
				down.length > SHOWN && (
					<ViewLink to={{ page: 'devices', state: 'down' }}>{down.length.toLocaleString()}</ViewLink>
				)
			}
		>
			{down.length === 0 && <p className="quiet">{devices?.size === 0 ? words.first.empty : words.nothingDown}</p>}
			<ul className="rows">
				{down.slice(0, SHOWN).map((device) => (
					<li key={device.id}>
						<DeviceLink id={device.id} name={device.host_name} />
						<StateSign state={device.state} size={16} />
					</li>
				))}
			</ul>
		</Card>
	);
}

export function Busiest() {
	const devices = useLive((live) => live.panel?.devices);
	const top = useMemo(() => topDevices(devices?.values() ?? [], trafficOf, SHOWN), [devices]);
	const most = top[0] ? trafficOf(top[0]) : 1;
	return (
		<Card title={words.busiest} aside={<small className="quiet">{words.mbit}</small>}>
			<ul className="rows">
				{top.map((device) => (
					<li key={device.id} className="row-bar">
						<DeviceLink id={device.id} name={device.host_name} />
						<span className="speeds">
							<span className="download">
								<DownloadIcon size={13} />
								{speed(device.snap_shot?.download_speed)}
							</span>
							<span className="upload">
								<UploadIcon size={13} />
								{speed(device.snap_shot?.upload_speed)}
							</span>
						</span>
						<i className="bar" aria-hidden="true" style={{ width: `${(trafficOf(device) / most) * 100}%` }} />
					</li>
				))}
			</ul>
		</Card>
	);
}

export function Slowest() {
	const devices = useLive((live) => live.panel?.devices);
	const top = useMemo(() => topDevices(devices?.values() ?? [], roundTripOf, SHOWN), [devices]);
	return (
		<Card title={words.slowest}>
			{top.length === 0 && <p className="quiet">{words.noRoundTrips}</p>}
			<ul className="rows">
				{top.map((device) => (
					<li key={device.id}>
						<DeviceLink id={device.id} name={device.host_name} />
						<span>{milliseconds(roundTripOf(device))}</span>
					</li>
				))}
			</ul>
		</Card>
	);
}

export function Lately() {
	const newest = useLive((live) => live.panel?.turns[0]);
	const asked = useQuery({
		queryKey: ['state-changes', newest],
		queryFn: async ({ signal }) =>
			found(await api.GET('/api/state-changes', { params: { query: { limit: SHOWN } }, signal })),
		placeholderData: (before) => before,
	});
	return (
		<Card title={words.lately}>
			{asked.data?.length === 0 && <p className="quiet">{words.nothingTurned}</p>}
			<ul className="rows">
				{asked.data?.map((change) => (
					<li key={`${change.device_id} ${change.at}`}>
						<DeviceLink id={change.device_id} name={change.host_name} />
						<span className="turned">
							<StateSign state={change.to_state} size={16} />
							<span className="quiet">
								<Age at={change.at} />
							</span>
						</span>
					</li>
				))}
			</ul>
		</Card>
	);
}
