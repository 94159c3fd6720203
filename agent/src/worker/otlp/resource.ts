/** Who sends. No detector runs that looks around: what the agent knows, and what the OTEL_* variables say on top of it. */
import type { Resource } from '@opentelemetry/resources'
import type { Sdk } from './sdk.ts'

export interface ResourceFacts {
  serviceName: string
  serviceVersion?: string
  instanceId: string
  host: string
  pid: number
}

/** To be called where the SDK sees the right environment. */
export function otlpResource(facts: ResourceFacts, { resources }: Pick<Sdk, 'resources'>): Resource {
  const known = resources.resourceFromAttributes({
    'service.name': facts.serviceName,
    ...(facts.serviceVersion !== undefined && { 'service.version': facts.serviceVersion }),
    'service.instance.id': facts.instanceId,
    'host.name': facts.host,
    'process.pid': facts.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  })
  // OTEL_RESOURCE_ATTRIBUTES, then OTEL_SERVICE_NAME: the later wins.
  const { resourceAttributesEnvDetector, serviceNameEnvDetector } = resources
  const asked = resources.detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })
  return resources.defaultResource().merge(known).merge(asked)
}
