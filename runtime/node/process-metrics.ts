import { monitorEventLoopDelay } from "node:perf_hooks";

interface ProcessFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const resolutionMs = 10;

/** Measures the event loop. Returns the metrics of the process, under the names that Prometheus' clients give them. */
export function createProcessMetrics(): () => readonly ProcessFamily[] {
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
  return () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, heapTotal } = process.memoryUsage();
    // Measuring starts with the first scrape, and starts again with each.
    const measured = delay === undefined || delay.count === 0 ? undefined : delay;
    // What is measured is the interval of a timer, which includes the resolution.
    const lag = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000);
    const family = (
      name: string,
      help: string,
      value: number,
      type: ProcessFamily["type"] = "gauge",
    ): ProcessFamily => ({
      ...{ name, help, type, samples: [{ labels: {}, value }] },
    });
    const families = [
      family("process_cpu_seconds_total", "CPU time in seconds.", (user + system) / 1e6, "counter"),
      family("process_resident_memory_bytes", "Resident memory in bytes.", rss),
      family("process_start_time_seconds", "Start of the process since 1970.", performance.timeOrigin / 1000),
      family("nodejs_heap_size_used_bytes", "The used part of the heap in bytes.", heapUsed),
      family("nodejs_heap_size_total_bytes", "The heap in bytes.", heapTotal),
      ...(measured === undefined
        ? []
        : [
            family("nodejs_eventloop_lag_mean_seconds", "Mean delay since the last scrape.", lag(measured.mean)),
            family("nodejs_eventloop_lag_max_seconds", "Longest delay since the last scrape.", lag(measured.max)),
            family(
              "nodejs_eventloop_lag_p99_seconds",
              "Delay of 99 % since the last scrape.",
              lag(measured.percentile(99)),
            ),
          ]),
    ];
    if (delay === undefined) {
      delay = monitorEventLoopDelay({ resolution: resolutionMs });
      delay.enable();
    } else delay.reset();
    return families;
  };
}
