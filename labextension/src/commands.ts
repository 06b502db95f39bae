/** Command ids, and what they take. Menus, palette, launcher, shortcuts and notebooks use these. */

export const CommandIDs = {
  /** Open the list of plans, or bring it to the front. Takes IOpenArgs. */
  openPlans: 'pm:open-plans',
  /** Ask the server again for the list of plans. */
  refreshPlans: 'pm:refresh-plans'
} as const;

/** What the open commands take. */
export interface IOpenArgs {
  /** Whether the tab comes to the front; default true. */
  activate?: boolean;
}

/** The category in launcher and command palette; a product name, so it is not translated. */
export const CATEGORY = 'Research Process Manager';
