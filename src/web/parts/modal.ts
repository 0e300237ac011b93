/** Opens a native dialog as soon as it is on the page, and puts the focus in a sensible place when it goes. */

import { type RefObject, useLayoutEffect, useRef } from 'react';

/**
 * The focus returns to what opened the dialog; where that is gone, as after a removal, to its section.
 * In a layout effect, because a dialog that is off the page can no longer give the focus back.
 */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const section = document.activeElement?.closest('section');
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      shown?.close();
      // What opened it may go in the same moment.
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) section?.focus({ preventScroll: true });
      });
    };
  }, []);
  return dialog;
}
