import {useEffect, useRef} from 'preact/hooks';

import {words} from '../i18n/language';
import {go} from '../state/route';
import {Icon} from './icons';

/** A modal dialog: the browser keeps the focus inside and Escape closes it. */
export function Sheet({title, subtitle, wide, children}: {title: string; subtitle?: preact.ComponentChildren; wide?: boolean; children: preact.ComponentChildren}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement as HTMLElement | null;
    element?.showModal();
    return () => {
      element?.close();
      before?.focus?.();
    };
  }, []);
  const close = () => go({view: 'devices'});
  return (
    <dialog ref={dialog} class={wide ? 'sheet wide' : 'sheet'} aria-labelledby="sheet-title" onCancel={close}
      onClick={(event) => event.target === dialog.current && close()}>
      <div class="sheet-body">
        <header>
          <div>
            <h2 id="sheet-title">{title}</h2>
            {subtitle && <div class="quiet small">{subtitle}</div>}
          </div>
          <button type="button" class="plain round" aria-label={words.value.close} onClick={close}><Icon name="close" /></button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
