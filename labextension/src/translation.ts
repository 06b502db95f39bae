/** The translation domain of every text in this extension. */
export const DOMAIN = 'research-process-manager';
