/** The interfaces of a device, live; one that is chosen shows its chart below its row. */
import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useEffect, useMemo, useState } from 'react';
import { go, useView } from '../../address';
import { api, found } from '../../api/client';
import { Card } from '../../components/Card';
import { HistoryChart } from '../../components/chart/HistoryChart';
import { useHistory } from '../../components/chart/useHistory';
import { StateSign } from '../../components/signs';
import { exact, lineSpeed, moment, perSecond, ratio, speed, toSeconds } from '../../format';
import { useLive, useLiveInterfaces } from '../../hooks';
import { words } from '../../words';
import { isBehind, loadOf, type Row, toRows } from './interfaces';

/** So many at once, and the chosen one; a machine with containers may have a thousand. */
const SHOWN = 32;

/** What the device has shown so far; asked anew with each tick until there is something. */
function useStored(id: number) {
	const tick = useLive((live) => live.panel?.timeStamp);
	const asked = useQuery({
		queryKey: ['interfaces', id],
		queryFn: async ({ signal }) =>
			found(await api.GET('/api/devices/{device_id}/interfaces', { params: { path: { device_id: id } }, signal })),
	});
	const { refetch } = asked;
	const isWaiting = asked.data?.length === 0 || asked.isError;
	// biome-ignore lint/correctness/useExhaustiveDependencies: the tick is what may have brought some.
	useEffect(() => {
		if (isWaiting) refetch();
	}, [tick, isWaiting, refetch]);
	return asked;
}

export function Interfaces({ id, driver }: { id: number; driver: string }) {
	const asked = useStored(id);
	const hasAny = (asked.data?.length ?? 0) > 0;
	const live = useLiveInterfaces(id, hasAny);
	const isOld = isBehind(asked.data ?? [], live);
	const { refetch } = asked;
	useEffect(() => {
		if (isOld) refetch();
	}, [isOld, refetch]);
	const rows = useMemo(() => toRows(asked.data ?? [], live), [asked.data, live]);
	if (asked.isPending) return <Empty text={words.loading} />;
	if (hasAny) return <Table id={id} rows={rows} />;
	if (asked.isError) return <Empty text={words.interfaces.failed} />;
	// Most kinds of devices have none, and need no empty place for them.
	return ['snmp', 'host'].includes(driver) ? <Empty text={words.interfaces.none} /> : null;
}

function Empty({ text }: { text: string }) {
	return (
		<Card title={words.interfaces.title}>
			<p className="quiet">{text}</p>
		</Card>
	);
}

function Table({ id, rows }: { id: number; rows: readonly Row[] }) {
	const chosen = useView().interface;
	const [search, setSearch] = useState('');
	const [isWhole, setWhole] = useState(false);
	const sought = search.trim().toLowerCase();
	const fitting = sought ? rows.filter(({ name, alias }) => `${name} ${alias}`.toLowerCase().includes(sought)) : rows;
	const shown = fitting.filter((row, index) => isWhole || index < SHOWN || row.name === chosen);
	const names = words.interfaces.columns;
	return (
		<Card
			title={words.interfaces.title}
			className="interfaces"
			aside={
				rows.length > SHOWN && (
					<TextInput
						type="search"
						size="xs"
						aria-label={words.interfaces.search}
						placeholder={words.interfaces.search}
						value={search}
						onChange={(event) => setSearch(event.currentTarget.value)}
					/>
				)
			}
		>
			<table>
				<thead>
					<tr>
						{(Object.keys(names) as (keyof typeof names)[]).map((name) => (
							<th key={name} scope="col" className={`interface-${name}`}>
								{names[name]}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{shown.map((row) => (
						<Fragment key={row.name}>
							<InterfaceRow row={row} isChosen={row.name === chosen} />
							{row.name === chosen && (
								<tr className="interface-chart">
									<td colSpan={Object.keys(names).length}>
										<Chart id={id} name={row.name} />
									</td>
								</tr>
							)}
						</Fragment>
					))}
				</tbody>
			</table>
			{shown.length === 0 && <p className="quiet">{words.interfaces.noneFits}</p>}
			{fitting.length > shown.length && (
				<Button size="compact-sm" variant="light" onClick={() => setWhole(true)}>
					{words.interfaces.all(fitting.length)}
				</Button>
			)}
		</Card>
	);
}

function InterfaceRow({ row, isChosen }: { row: Row; isChosen: boolean }) {
	const { name, goneSince } = row;
	const load = loadOf(row);
	const names = words.interfaces.columns;
	const choose = () => go({ interface: isChosen ? null : name }, { replace: true });
	return (
		<tr className={`${goneSince === null ? '' : 'is-gone'} ${isChosen ? 'is-chosen' : ''}`}>
			<th scope="row" className="interface-name">
				<button type="button" className="device-link" aria-expanded={isChosen} onClick={choose}>
					<i aria-hidden="true">{isChosen ? '▾' : '▸'}</i> {name}
				</button>
			</th>
			<td className="interface-alias">{row.alias}</td>
			<td className="interface-state">
				{goneSince === null ? (
					<StateSign state={row.state} size={16} />
				) : (
					<time className="quiet" dateTime={goneSince} title={exact(goneSince)}>
						{words.interfaces.gone(moment(toSeconds(goneSince)))}
					</time>
				)}
			</td>
			<td className="interface-line number" data-name={names.line}>
				{lineSpeed(row.lineSpeed)}
			</td>
			<td className="interface-down number download" data-name={names.down}>
				{speed(row.download)}
			</td>
			<td className="interface-up number upload" data-name={names.up}>
				{speed(row.upload)}
			</td>
			<td className="interface-load number" data-name={names.load}>
				{load !== null && <progress className="load" max={1} value={load} aria-hidden="true" />}
				<span>{ratio(load)}</span>
			</td>
			<td className="interface-errors number" data-name={names.errors}>
				{perSecond(row.errors)}
			</td>
			<td className="interface-discards number" data-name={names.discards}>
				{perSecond(row.discards)}
			</td>
		</tr>
	);
}

function Chart({ id, name }: { id: number; name: string }) {
	const asked = useHistory(`interface ${id} ${name}`, async (query, signal) => {
		const params = { path: { device_id: id }, query: { ...query, interface: name } };
		return found(await api.GET('/api/devices/{device_id}/interfaces/history', { params, signal }));
	});
	return <HistoryChart title={words.trafficOf(name)} history={asked.data} error={asked.error} most={1} isSecond />;
}
