import './styles/base.css';

import {render} from 'preact';

const root = document.getElementById('app');
if (root) render(<h1>Weir</h1>, root);
