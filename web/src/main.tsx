/** Where the screen begins. */
import '@fontsource-variable/inter/wght.css';
import '@mantine/core/styles.css';
import './styles/theme.css';
import './styles/layout.css';
import './styles/parts.css';
import './styles/devices.css';
import './styles/wall.css';
import './styles/print.css';
import { createTheme, localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isWorthATry, logOwnFault } from './api/failure';
import { App } from './app/App';
import { store } from './hooks';

const theme = createTheme({ primaryColor: 'grape', fontFamily: 'var(--font)', defaultRadius: 'md' });
const colours = localStorageColorSchemeManager({ key: 'dashnet-theme' });
const queries = new QueryClient({
	defaultOptions: { queries: { staleTime: 5000, retry: isWorthATry, refetchOnWindowFocus: false } },
	queryCache: new QueryCache({ onError: logOwnFault }),
});

store.start();
addEventListener('online', () => store.hurry());
document.addEventListener('visibilitychange', () => document.hidden || store.hurry());
// What failed while the server was away is asked again as soon as it is back.
let wasLost = false;
store.listen(() => {
	const isLost = store.get().link === 'lost';
	if (store.get().link === 'open' && wasLost) queries.invalidateQueries();
	wasLost = isLost || (wasLost && store.get().link !== 'open');
});

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
createRoot(root).render(
	<StrictMode>
		{/* Style elements of Mantine's own are against the policy; its variables come from its CSS and styles/theme.css. */}
		<MantineProvider
			theme={theme}
			defaultColorScheme="auto"
			colorSchemeManager={colours}
			withCssVariables={false}
			withGlobalClasses={false}
		>
			<QueryClientProvider client={queries}>
				<App />
			</QueryClientProvider>
		</MantineProvider>
	</StrictMode>,
);
