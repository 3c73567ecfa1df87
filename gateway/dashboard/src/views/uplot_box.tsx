// uPlot in a box that it fills, in the page's colours.
import {useEffect, useRef} from 'preact/hooks';
import uPlot from 'uplot';

export interface Look {
  colour(name: string): string;
  axis: uPlot.Axis;
}

interface Props {
  options: (look: Look) => Omit<uPlot.Options, 'width' | 'height'>;
  redraw: string; // another text: the options have changed
  data: uPlot.AlignedData;
  from: number; // ms
  to: number;
  label: string;
}

export function UplotBox({options, redraw, data, from, to, label}: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const held = useRef(data);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot({...options(lookOf(element)), ...sizeOf(element)}, held.current, element);
    };
    const size = new ResizeObserver(() => plot.current?.setSize(sizeOf(element)));
    const dark = matchMedia('(prefers-color-scheme: dark)');
    draw();
    size.observe(element);
    dark.addEventListener('change', draw);
    return () => {
      size.disconnect();
      dark.removeEventListener('change', draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [redraw]);

  useEffect(() => {
    held.current = data;
    plot.current?.batch(() => {
      plot.current?.setData(data, false);
      plot.current?.setScale('x', {min: from / 1000, max: to / 1000});
    });
  });

  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

function sizeOf(element: HTMLElement): {width: number; height: number} {
  return {width: element.clientWidth, height: element.clientHeight};
}

function lookOf(element: HTMLElement): Look {
  const css = getComputedStyle(element);
  const colour = (name: string) => css.getPropertyValue(name).trim();
  const font = `12px ${css.fontFamily}`;
  return {colour, axis: {stroke: colour('--text-quiet'), font, grid: {stroke: colour('--line'), width: 1}, ticks: {show: false}}};
}

/** What all charts share: no legend, a cursor without dragging, room for the labels. */
export const plain = {legend: {show: false}, padding: [10, 20, 0, 0], cursor: {y: false, drag: {x: false, y: false}}} satisfies Partial<uPlot.Options>;

export function valueAxis(axis: uPlot.Axis, stepped: boolean, language: string): uPlot.Axis {
  const splits = stepped ? {splits: () => [0, 1]} : {};
  return {...axis, size: labelWidth, gap: 6, ...splits, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString(language))};
}

export function timeAxis(axis: uPlot.Axis, language: string, format: Intl.DateTimeFormatOptions): uPlot.Axis {
  const clock = new Intl.DateTimeFormat(language, {hourCycle: 'h23', ...format});
  return {...axis, space: 70, values: (_, ticks) => ticks.map((tick) => clock.format(tick * 1000))};
}

export function valueRange(stepped: boolean): uPlot.Scale.Range {
  return stepped ? [-0.1, 1.1] : span;
}

function labelWidth(_: uPlot, labels: string[] | null): number {
  return 14 + 7 * Math.max(2, ...(labels ?? []).map(({length}) => length));
}

/** Some air above and below, and never a range so small that noise looks like a storm. */
function span(_: uPlot, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const air = Math.max((high - low) * 0.1, Math.abs(high) * 0.001, 1e-6);
  return [low - air, high + air];
}
