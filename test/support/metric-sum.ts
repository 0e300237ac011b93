/** A number out of what `/metrics` says, in Prometheus' text format. */

/** Sum over all labels that fit. @param labels as Prometheus writes them: `outcome="failed"` */
export const metricSum = async (metricsUrl: string, name: string, labels = ''): Promise<number> => {
  const text = await (await fetch(metricsUrl)).text();
  return [...text.matchAll(new RegExp(`^${name}(\\{.*\\})? (\\S+)$`, 'gm'))]
    .filter(([, found = '']) => found.includes(labels))
    .reduce((sum, [, , value]) => sum + Number(value), 0);
};
