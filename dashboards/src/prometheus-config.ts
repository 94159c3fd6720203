/** A configuration of Prometheus that scrapes loopscope: the example that is shipped, and that of the end-to-end test. */
export interface ScrapeParameters {
  scrapeInterval: string
  targets: string[]
  ruleFiles: string[]
  evaluationInterval?: string
  alertmanagers?: string[]
}

export function prometheusConfig(parameters: ScrapeParameters): object {
  const { scrapeInterval, evaluationInterval = scrapeInterval, targets, ruleFiles, alertmanagers = [] } = parameters
  return {
    global: { scrape_interval: scrapeInterval, evaluation_interval: evaluationInterval },
    rule_files: ruleFiles,
    ...(alertmanagers.length > 0 && {
      alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] },
    }),
    scrape_configs: [
      {
        job_name: 'loopscope',
        // Longer than the interval is refused; loopscope answers in some ms, also while the program's loop is blocked.
        scrape_timeout: scrapeInterval,
        static_configs: [{ targets }],
      },
    ],
  }
}
