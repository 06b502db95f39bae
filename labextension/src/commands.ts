/** Command ids, and what they take. Menus, palette, launcher, shortcuts and notebooks use these. */

export const CommandIDs = {
  /** Open the list of plans, or bring it to the front. Takes IOpenArgs. */
  openPlans: 'pm:open-plans',
  /** Ask the server again for the list of plans. */
  refreshPlans: 'pm:refresh-plans',
  /** Open a plan. Takes { plan }. */
  openPlan: 'pm:open-plan',
  /** Open a run. Takes { run }. */
  openRun: 'pm:open-run',
  /** Open the log of a run. Takes { run }. */
  openLog: 'pm:open-log',
  /** Search the logs of all runs. Takes { text? }. */
  searchLogs: 'pm:search-logs',
  /** Run one method now. Takes { method, version?, step? }. */
  runStep: 'pm:run-step',
  /** Show how a run came to be, or what was made of it. Takes { run, direction? }. */
  openLineage: 'pm:open-lineage',
  /** Open the graph of the whole database. */
  openEverything: 'pm:open-everything',
  /** Show runs side by side. Takes { runs }. */
  compare: 'pm:compare'
} as const;

/** What the open commands take. */
export interface IOpenArgs {
  /** Whether the tab comes to the front; default true. */
  activate?: boolean;
}

/** The category in launcher and command palette; a product name, so it is not translated. */
export const CATEGORY = 'Research Process Manager';
