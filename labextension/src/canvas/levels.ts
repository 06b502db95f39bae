/** Levels of detail, by zoom. */

/** Below this zoom a node is band, title and bar. */
export const LOW = 0.35;
/** Below this one a node is one rectangle in the colour of its state. */
export const FLAT = 0.12;
