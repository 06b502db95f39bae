/** The plugins of the Research Process Manager, and nothing else. */

import { apiPlugin } from './api/plugin';
import { lineagePlugin } from './lineage/plugin';
import { livePlugin } from './live/plugin';
import { pipelinePlugin, pipelineTrackerPlugin } from './pipeline/plugin';
import { plansPlugin } from './plan/plugin';
import { runsPlugin } from './runs/plugin';
import { screensPlugin } from './screen/plugin';

export default [
  apiPlugin,
  livePlugin,
  screensPlugin,
  pipelineTrackerPlugin,
  pipelinePlugin,
  plansPlugin,
  runsPlugin,
  lineagePlugin
];
