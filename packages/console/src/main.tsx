import 'virtual:theme-variables.css';
import './styles/console.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiProvider } from './client/ApiProvider.tsx';
import { createConsoleRouter } from './routes.tsx';
import { colorSchemeManager } from './shell/colorScheme.ts';
import { theme } from './theme.ts';

const root = document.getElementById('console');
if (root === null) throw new Error('index.html lacks the element #console.');

const router = createConsoleRouter();
const stores = { tab: window.sessionStorage, browser: window.localStorage };

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      colorSchemeManager={colorSchemeManager}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <ApiProvider origin={window.location.origin} stores={stores}>
        <RouterProvider router={router} />
        <Notifications position="bottom-right" />
      </ApiProvider>
    </MantineProvider>
  </StrictMode>,
);
