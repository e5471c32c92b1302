// Starts the dashboard: shared state first, then the frame around the pages, then the page in the address.

import { startHealth } from './health.js';
import { startIntervals } from './intervals.js';
import { startMarket } from './market.js';
import { startRouter } from './router.js';
import { startShell } from './shell.js';
import { stream } from './stream.js';

startHealth();
startIntervals();
startMarket();
startShell();
startRouter();
stream.start();
