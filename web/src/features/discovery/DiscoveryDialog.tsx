/** Who is in a network: asked for, followed while it runs, and picked from; nothing is added by itself. */
import { Button, Modal, NumberInput, PasswordInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';
import { api } from '../../api/client';
import { words } from '../../words';
import { FoundList } from './FoundList';
import { type Discovery, toCredentials, toFormErrors, type Wishes } from './found';

const PAUSE_MS = 700;
const at = (id: string) => ({ params: { path: { discovery_id: id } } });

async function begin(wishes: Wishes): Promise<string> {
	const body = { network: wishes.network, credentials: toCredentials(wishes) };
	const { data, error } = await api.POST('/api/discoveries/', { body: body as never });
	if (error) throw error;
	return (data as { id: string }).id;
}

/** A run that nobody follows any more would keep others from theirs. */
async function end(id: string): Promise<void> {
	await api.DELETE('/api/discoveries/{discovery_id}', at(id));
}

function useDiscovery(id: string | null) {
	return useQuery({
		queryKey: ['discovery', id],
		enabled: id !== null,
		queryFn: async ({ signal }) => {
			const { data, error } = await api.GET('/api/discoveries/{discovery_id}', { ...at(id as string), signal });
			if (error) throw error;
			return data as unknown as Discovery;
		},
		refetchInterval: ({ state }) => (state.data?.outcome == null ? PAUSE_MS : false),
	});
}

export default function DiscoveryDialog({ onClose }: { onClose: () => void }) {
	const [wishes, setWishes] = useState<Wishes>({ network: '', community: '', port: '' });
	const [id, setId] = useState<string | null>(null);
	const asked = useDiscovery(id);
	const isRunning = id !== null && asked.data?.outcome == null;
	const close = () => {
		if (isRunning) end(id);
		onClose();
	};
	return (
		// Locking the scroll would write a style element, which the policy forbids.
		<Modal
			opened
			onClose={close}
			title={words.discovery.title}
			closeButtonProps={{ 'aria-label': words.close }}
			lockScroll={false}
			size="xl"
			centered
		>
			<div className="fleet">
				{id === null && <Ask wishes={wishes} onChange={setWishes} onBegun={setId} />}
				{asked.error && (
					<p className="form-error" role="alert">
						{toFormErrors(asked.error)['']}
					</p>
				)}
				{isRunning && <Running discovery={asked.data} onEnd={() => end(id)} />}
				{id !== null && !isRunning && asked.data && (
					<FoundList
						discovery={asked.data}
						credentials={toCredentials(wishes)}
						onAgain={() => setId(null)}
						onDone={onClose}
					/>
				)}
			</div>
		</Modal>
	);
}

interface AskProps {
	wishes: Wishes;
	onChange: (wishes: Wishes) => void;
	onBegun: (id: string) => void;
}

function Ask({ wishes, onChange, onBegun }: AskProps) {
	const [errors, setErrors] = useState<Record<string, string>>({});
	const [isBusy, setBusy] = useState(false);
	const start = async (event: SyntheticEvent) => {
		event.preventDefault();
		setBusy(true);
		try {
			onBegun(await begin(wishes));
		} catch (problem) {
			setErrors(toFormErrors(problem));
			setBusy(false);
		}
	};
	return (
		<form onSubmit={start} className="device-form" noValidate>
			{errors[''] && (
				<p className="form-error" role="alert">
					{errors['']}
				</p>
			)}
			<TextInput
				className="wide"
				label={words.discovery.network}
				description={words.discovery.yours}
				placeholder="192.168.1.0/24"
				required
				data-autofocus
				value={wishes.network}
				error={errors.network}
				onChange={(event) => onChange({ ...wishes, network: event.currentTarget.value })}
			/>
			<PasswordInput
				label={words.discovery.community}
				description={words.discovery.optional}
				autoComplete="new-password"
				value={wishes.community}
				error={errors.community}
				onChange={(event) => onChange({ ...wishes, community: event.currentTarget.value })}
			/>
			<NumberInput
				label={words.discovery.port}
				description={words.discovery.usualPort}
				placeholder="161"
				allowDecimal={false}
				clampBehavior="none"
				value={wishes.port}
				error={errors.port}
				onChange={(port) => onChange({ ...wishes, port: typeof port === 'number' ? port : '' })}
			/>
			<div className="wide form-buttons">
				<Button type="submit" loading={isBusy}>
					{words.discovery.start}
				</Button>
			</div>
		</form>
	);
}

function Running({ discovery, onEnd }: { discovery: Discovery | undefined; onEnd: () => void }) {
	return (
		<>
			<div role="status">
				<p>{discovery ? words.discovery.soFar(discovery.found_count, discovery.address_count) : words.loading}</p>
				<p className="quiet">{discovery?.stage}</p>
			</div>
			<progress className="load wide" max={1} value={discovery?.progress ?? 0} aria-label={words.discovery.title} />
			<div className="form-buttons">
				<Button variant="default" onClick={onEnd}>
					{words.discovery.end}
				</Button>
			</div>
		</>
	);
}
