/** Icons, drawn in the colours of the theme. */

import { LabIcon } from '@jupyterlab/ui-components';

/** One sample that forks into three results. */
const PLANS = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" fill="#616161">
    <path d="M7.6 11h2.6c.5 0 .9-.2 1.2-.6l3-4A3 3 0 0 1 16.400 5.200V7.200l-3.400 4.400a1 1 0 0 0 0 .8l3.400 4.400v2a3 3 0 0 1-2-1.200l-3-4a1.500 1.500 0 0 0-1.200-.6H7.600zM12 11h4.400v2H12z"/>
    <circle cx="5" cy="12" r="3"/><circle cx="19" cy="5.500" r="2.800"/>
    <circle cx="19" cy="12" r="2.800"/><circle cx="19" cy="18.500" r="2.800"/>
  </g>
</svg>`;

export const plansIcon = new LabIcon({ name: 'research-process-manager:plans', svgstr: PLANS });

/** A result with the way that led to it. */
const RUN = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" fill="#616161">
    <circle cx="5" cy="12" r="2.500"/><path d="M7 11h5v2H7z"/>
    <path d="M12 6h9v12h-9zm2 2v8h5V8z" fill-rule="evenodd"/>
  </g>
</svg>`;

export const runIcon = new LabIcon({ name: 'research-process-manager:run', svgstr: RUN });

/** Three runs that lead to one. */
const LINEAGE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" fill="#616161">
    <circle cx="5" cy="5" r="2.500"/><circle cx="5" cy="12" r="2.500"/>
    <circle cx="5" cy="19" r="2.500"/><circle cx="19" cy="12" r="3.200"/>
    <path d="M7 11h9v2H7zM6.500 5.900l10 4.500-.8 1.800-10-4.500zM5.700 16.300l10-4.500.8 1.800-10 4.500z"/>
  </g>
</svg>`;

export const lineageIcon = new LabIcon({
  name: 'research-process-manager:lineage',
  svgstr: LINEAGE
});

/** Two boxes and the link between them. */
const PIPELINE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" fill="#616161">
    <path d="M4 4h6a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zm10 9h6a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-5a1 1 0 0 1 1-1z"/>
    <path d="M12 6.500h1.500a3.500 3.500 0 0 1 3.500 3.500v2h-2v-2A1.500 1.500 0 0 0 13.500 8.500H12z"/>
  </g>
</svg>`;

export const pipelineIcon = new LabIcon({
  name: 'research-process-manager:pipeline',
  svgstr: PIPELINE
});

/** Two results side by side. */
const COMPARE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" fill="#616161">
    <path d="M3 4h8v16H3zm2 2v12h4V6z" fill-rule="evenodd"/><path d="M13 4h8v16h-8z"/>
  </g>
</svg>`;

export const compareIcon = new LabIcon({
  name: 'research-process-manager:compare',
  svgstr: COMPARE
});
