import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { newQueryClient } from './api';
import { startLanguage } from './i18n';
import { newRouter } from './router';
import { startTheme } from './shell/theme';
import './styles/tokens.css';
import './styles/base.css';

const queries = newQueryClient();
const router = newRouter(queries);

async function start(): Promise<void> {
  startTheme();
  await startLanguage();
  const root = document.getElementById('root');
  if (root === null) throw new Error('index.html has an element with the id `root`');
  createRoot(root).render(
    <StrictMode>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </CSPProvider>
    </StrictMode>,
  );
}

void start();
