import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/devices.css';
import './styles/sheet.css';

import {render} from 'preact';

import {start} from './state/app';
import {followLocation} from './state/route';
import {App} from './views/app';

const root = document.getElementById('app');
if (root) render(<App />, root);
// The code in the address is taken, and removed, before the address is read as a place.
const started = start();
followLocation();
void started;
