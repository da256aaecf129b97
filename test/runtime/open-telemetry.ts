import { context, metrics, propagation, trace, type Attributes } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";

/** One series of a histogram. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly attributes: Attributes;
  readonly count: number;
  readonly sum: number;
  readonly boundaries: readonly number[];
}

export interface Collected {
  readonly spans: () => readonly ReadableSpan[];
  readonly series: () => Promise<readonly Series[]>;
}

/** Starts the official SDK with exporters in memory, until the test has finished. */
export function startOpenTelemetry(): Collected {
  const spans = new InMemorySpanExporter();
  const series = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  // Exported on demand.
  const reader = new PeriodicExportingMetricReader({ exporter: series, exportIntervalMillis: 2 ** 30 });
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const meters = new MeterProvider({ readers: [reader] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  onTestFinished(async () => {
    await Promise.all([tracers.shutdown(), meters.shutdown()]);
    for (const api of [context, trace, metrics, propagation]) api.disable();
  });
  return {
    spans: () => spans.getFinishedSpans(),
    series: async () => {
      series.reset();
      await reader.forceFlush();
      const [last] = series.getMetrics().slice(-1);
      return (last?.scopeMetrics ?? []).flatMap(({ metrics }) =>
        metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => {
            const { count, sum, buckets } = value as { count: number; sum: number; buckets: { boundaries: number[] } };
            return { name, unit, attributes, count, sum, boundaries: buckets.boundaries };
          }),
        ),
      );
    },
  };
}
