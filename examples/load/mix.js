/**
 * What the load sends: mostly good routes, and each trouble now and then, so that every one is seen within ten seconds
 * and none drowns the rest. `perSecond` is the usual rate; `path` and `body` get the running number of the request.
 */
const twoItems = (n) => ({ items: [1, 2].map((product) => ({ product: product + (n % 100), quantity: 1 })) })
const tenant = (n) => ['acme', 'globex', 'initech'][n % 3]
/** The database is filled with this many. */
const PRODUCTS = 200
const CARTS = 100

export const MIX = [
  { route: 'GET /api/products', perSecond: 45, path: () => '/api/products' },
  { route: 'GET /api/products/:id', perSecond: 50, path: (n) => `/api/products/${1 + (n % PRODUCTS)}` },
  { route: 'GET /cart/:id', perSecond: 30, path: (n) => `/cart/${1 + (n % CARTS)}` },
  { route: 'POST /cart', perSecond: 15, path: () => '/cart', body: twoItems },
  { route: 'GET /health', perSecond: 5, path: () => '/health' },

  { route: 'POST /login', perSecond: 0.5, path: () => '/login', body: () => ({ password: 'correct horse' }) },
  { route: 'GET /coupons/:code', perSecond: 0.25, path: () => '/coupons/AAAAAAAAAAAAAAAAAAAAAAAA!' },
  { route: 'GET /admin/:tenant/report', perSecond: 0.25, path: (n) => `/admin/${tenant(n)}/report` },
  { route: 'GET /admin/:tenant/catalogue', perSecond: 0.25, path: (n) => `/admin/${tenant(n)}/catalogue` },
  { route: 'POST /images', perSecond: 0.2, path: () => '/images' },
  { route: 'GET /api/prices', perSecond: 0.3, path: () => '/api/prices' },
  { route: 'GET /admin/:tenant/export', perSecond: 0.15, path: (n) => `/admin/${tenant(n)}/export` },
  { route: 'GET /dashboard', perSecond: 1, path: () => '/dashboard' },
  // Every tenth of the carts is too long for the audit of its check-out.
  { route: 'POST /checkout/:cart', perSecond: 2, path: (n) => `/checkout/${1 + (n % CARTS)}` },
  { route: 'POST /newsletter', perSecond: 0.5, path: () => '/newsletter' },
  { route: 'POST /reminders', perSecond: 0.5, path: () => '/reminders' },
]

/**
 * The part of the mix that is asked for, at its usual rates, or at `rate` in total.
 * @param {{ only?: string[], rate?: number | undefined }} options `only`: a part of a route's name is enough
 */
export function chooseMix({ only = [], rate }) {
  const wanted = (route) => only.length === 0 || only.some((text) => route === text)
  let chosen = MIX.filter(({ route }) => wanted(route))
  if (chosen.length === 0) {
    const matches = (route) => only.some((text) => route.toLowerCase().includes(text.toLowerCase()))
    chosen = MIX.filter(({ route }) => matches(route))
  }
  if (chosen.length === 0) {
    throw new Error(
      `No route matches ${only.join(', ')}. There are:\n${MIX.map(({ route }) => `  ${route}`).join('\n')}`,
    )
  }
  const usual = chosen.reduce((sum, { perSecond }) => sum + perSecond, 0)
  const factor = rate === undefined ? 1 : rate / usual
  return chosen.map((entry) => ({ ...entry, perSecond: entry.perSecond * factor }))
}
