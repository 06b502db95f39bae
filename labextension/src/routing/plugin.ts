/** Deep links: `/lab?pm=run-47` opens run 47. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRouter } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';

import { IScreens } from '../tokens';
import { wantedBy, withoutOurs } from './address';

const COMMAND = 'pm:route';

export const routingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:routing',
  description: 'Opens what an address asks for.',
  autoStart: true,
  requires: [IRouter, IScreens],
  activate: (app: JupyterFrontEnd, router: IRouter, screens: IScreens): void => {
    const { commands, trans } = screens.here;

    const open = async (text: string, location: IRouter.ILocation): Promise<void> => {
      // Without it: a reload opens what was open, not this again.
      const { path, search = '', hash } = location;
      router.navigate(`${path}${withoutOurs(search)}${hash}`, { skipRouting: true });
      const wanted = wantedBy(text);
      if (wanted === null || !commands.hasCommand(wanted.command)) {
        Notification.warning(
          trans.__('The address asks for “%1”, which this page does not know.', text),
          // Whoever followed a link looks at the page when it has loaded, not before.
          { autoClose: false }
        );
        return;
      }
      await commands.execute(wanted.command, wanted.args);
    };

    commands.addCommand(COMMAND, {
      label: trans.__('Open what the address asks for'),
      describedBy: { args: { type: 'object', properties: {} } },
      isVisible: () => false,
      execute: args => {
        const location = args as unknown as IRouter.ILocation;
        const asked = new URLSearchParams(location.search);
        const text = asked.get('pm');
        // A second page of a layout begins anew: the Lab empties it, and then asks for the same
        // without this. An address of ours in between would be taken for a second such wish.
        if (text !== null && !asked.has('reset')) {
          // The layout waits for the routing, so the routing must not wait for the layout.
          void app.restored.then(() => open(text, location));
        }
      }
    });
    router.register({ command: COMMAND, pattern: /[?&]pm=/, rank: 30 });
  }
};
