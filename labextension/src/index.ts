/** The plugins of the Research Process Manager, and nothing else. */

import { apiPlugin } from './api/plugin';
import { branchesPlugin } from './branches/plugin';
import { comparePlugin } from './compare/plugin';
import { everythingPlugin } from './everything/plugin';
import { inspectorPlugin } from './inspector/plugin';
import { lineagePlugin } from './lineage/plugin';
import { livePlugin } from './live/plugin';
import { notifyPlugin } from './notify/plugin';
import { palettePlugin } from './palette/plugin';
import { pipelinePlugin, pipelineTrackerPlugin } from './pipeline/plugin';
import { plansPlugin } from './plan/plugin';
import { previewPlugin } from './preview/plugin';
import { routingPlugin } from './routing/plugin';
import { runsPlugin } from './runs/plugin';
import { samplesPlugin } from './samples/plugin';
import { screensPlugin } from './screen/plugin';

export default [
  apiPlugin,
  livePlugin,
  screensPlugin,
  pipelineTrackerPlugin,
  pipelinePlugin,
  plansPlugin,
  runsPlugin,
  lineagePlugin,
  comparePlugin,
  everythingPlugin,
  palettePlugin,
  inspectorPlugin,
  samplesPlugin,
  branchesPlugin,
  previewPlugin,
  notifyPlugin,
  routingPlugin
];
