/** The plugins of the Research Process Manager, and nothing else. */

import { apiPlugin } from './api/plugin';
import { plansPlugin } from './plan/plugin';

export default [apiPlugin, plansPlugin];
