// uPlot in a box that it fills, in the page's colours.
import {useEffect, useRef} from 'preact/hooks';
import uPlot from 'uplot';

import {now} from '../state/app';
import {words} from '../i18n/language';
import {columns, gapLimit, lonely, type Point, windowMs} from '../state/points';

export function Plot({points, stepped, label}: {points: Point[]; revision: number; stepped: boolean; label: string}) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = useRef<uPlot.AlignedData>([[], []]);
  const end = Math.max(now.value, points[points.length - 1]?.time ?? 0);
  const language = words.value.code;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element, stepped, language), data.current, element);
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
  }, [stepped, language]);

  useEffect(() => {
    data.current = columns(points, gapLimit(points));
    plot.current?.batch(() => {
      plot.current?.setData(data.current, false);
      plot.current?.setScale('x', {min: (end - windowMs) / 1000, max: end / 1000});
    });
  });

  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

function sizeOf(element: HTMLElement): {width: number; height: number} {
  return {width: element.clientWidth, height: element.clientHeight};
}

function options(element: HTMLElement, stepped: boolean, language: string): uPlot.Options {
  const css = getComputedStyle(element);
  const colour = (name: string) => css.getPropertyValue(name).trim();
  const font = `12px ${css.fontFamily}`;
  const axis = {stroke: colour('--text-quiet'), font, grid: {stroke: colour('--line'), width: 1}, ticks: {show: false}};
  const clock = new Intl.DateTimeFormat(language, {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'});
  return {
    ...sizeOf(element),
    legend: {show: false},
    padding: [10, 20, 0, 0],
    cursor: {y: false, drag: {x: false, y: false}},
    scales: {x: {time: true, auto: false}, y: {range: stepped ? [-0.1, 1.1] : span}},
    axes: [
      {...axis, space: 70, values: (_, ticks) => ticks.map((tick) => clock.format(tick * 1000))},
      {...axis, size: labelWidth, gap: 6, ...(stepped ? {splits: () => [0, 1]} : {}), values: (_, ticks) => ticks.map((tick) => tick.toLocaleString(language))},
    ],
    series: [{}, {
      stroke: colour('--accent'),
      width: 2,
      fill: colour('--accent-wash'),
      points: {show: (_, __, from, to) => to - from < 60, filter: (plot, at, all) => (all ? null : lonely(plot.data[at]!)), size: 5, fill: colour('--accent')},
      ...(stepped ? {paths: uPlot.paths.stepped!({align: 1})} : {}),
    }],
  };
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
