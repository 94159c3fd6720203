/** Every view, in the order of the footer. A test holds this list against the folder and the keys. */
import type { ViewName } from '../state/state.ts'
import { blocksView } from './blocks.ts'
import { helpView } from './help.ts'
import { hotView } from './hot.ts'
import { instancesView } from './instances.ts'
import { overviewView } from './overview.ts'
import { poolsView } from './pools.ts'
import { routesView } from './routes.ts'
import { tasksView } from './tasks.ts'
import type { View } from './view.ts'

export const VIEWS: Record<ViewName, View> = {
  overview: overviewView,
  blocks: blocksView,
  routes: routesView,
  tasks: tasksView,
  pools: poolsView,
  hot: hotView,
  instances: instancesView,
  help: helpView,
}
