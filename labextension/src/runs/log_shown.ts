/** Whether the log of a run is a part of what is shown of it. */

import React from 'react';

/** False where the log stands beside it already. */
export const LogShown = React.createContext(true);
