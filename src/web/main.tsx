/** Puts the page where index.html has a place for it. */

import './style/tokens.css';
import './style/base.css';
import './style/controls.css';
import './style/layout.css';
import './style/listing.css';
import './style/dialog.css';
import './style/parts.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Page } from './page.tsx';

const place = document.getElementById('page');
if (place === null) throw new Error('index.html has no place for the page.');
createRoot(place).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
