// The one place that knows ECharts: only what our charts use. A chunk of its own.
import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { init, use, type ECharts } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([BarChart, GridComponent, LegendComponent, CanvasRenderer]);

export function begin(box: HTMLElement): ECharts {
  return init(box, null, { renderer: 'canvas' });
}
