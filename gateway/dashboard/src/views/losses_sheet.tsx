import {useEffect, useState} from 'preact/hooks';

import {listLosses, type Loss, type Losses} from '../api/losses';
import {words} from '../i18n/language';
import {link} from '../state/app';
import {Badge} from './icons';
import {Sheet} from './sheet';

const shownMax = 200;
const refreshMs = 10_000;

/** Why, in words; a reason that this page does not know is shown as it is. */
export function reasonText(reason: string): string {
  const reasons: Record<string, string> = words.value.losses.reasons;
  return reasons[reason] ?? reason;
}

export function LossesSheet() {
  const w = words.value.losses;
  const {told, failed} = useLosses();
  return (
    <Sheet title={w.heading} subtitle={w.explained}>
      {failed && <p class="problem" role="status">{failed}</p>}
      {!told && !failed && <p class="quiet" role="status">{words.value.loading}</p>}
      {told && told.losses.length === 0 && <p class="quiet">{w.none}</p>}
      {told && told.losses.length > 0 && <p data-lost={told.total}><b>{w.total(told.total)}</b></p>}
      <ol>{told?.losses.map((loss) => <LossEntry key={`${loss.where} ${loss.reason} ${loss.device} ${loss.metric} ${loss.first}`} loss={loss} />)}</ol>
    </Sheet>
  );
}

function LossEntry({loss}: {loss: Loss}) {
  const w = words.value;
  const time = (text: string) => <time dateTime={text}>{new Date(text).toLocaleString(w.code, {dateStyle: 'short', timeStyle: 'medium'})}</time>;
  const what = [loss.device, loss.metric].filter(Boolean).join(' · ') || loss.where;
  return (
    <li class="entry" data-reason={loss.reason}>
      <span class="what"><b>{what}</b></span>
      <Badge tone="warn" icon="triangle">{reasonText(loss.reason)}</Badge>
      <span class="elapsed">{w.losses.count(loss.count)}</span>
      <span class="quiet small by">{time(loss.first)}{loss.first !== loss.last && <> – {time(loss.last)}</>}{what !== loss.where && ` · ${w.via(loss.where)}`}</span>
      {loss.detail && <span class="outcome small quiet">{loss.detail}</span>}
    </li>
  );
}

function useLosses(): {told: Losses | null; failed: string} {
  const [told, setTold] = useState<Losses | null>(null);
  const [failed, setFailed] = useState('');
  const up = link.value.state === 'up';

  useEffect(() => {
    if (!up) return;
    let gone = false;
    const load = () =>
      listLosses(shownMax).then(
        (losses) => {
          if (gone) return;
          setTold(losses);
          setFailed('');
        },
        (error: Error) => gone || setFailed(error.message),
      );
    void load();
    const timer = setInterval(() => void load(), refreshMs);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [up]);

  return {told, failed};
}
