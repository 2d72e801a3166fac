// What the browser already tells: time zone and, through the region, the likely currency.
export const guessTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

export const timeZones: string[] = [...new Set([guessTimeZone(), 'UTC', ...Intl.supportedValuesOf('timeZone')])].sort()

const usual = [
  'EUR', 'USD', 'GBP', 'CHF', 'RUB', 'UAH', 'KZT', 'BYN', 'PLN', 'CZK', 'SEK', 'NOK', 'DKK', 'HUF', 'RON', 'BGN', 'TRY', 'GEL', 'AMD',
  'AZN', 'UZS', 'KGS', 'RSD', 'ILS', 'AED', 'SAR', 'INR', 'CNY', 'JPY', 'KRW', 'SGD', 'AUD', 'NZD', 'CAD', 'MXN', 'BRL', 'ARS', 'CLP',
  'COP', 'PEN', 'ZAR', 'NGN', 'KES', 'EGP', 'IDR', 'MYR', 'THB', 'VND', 'PHP',
]

const byRegion: Record<string, string> = {
  US: 'USD', GB: 'GBP', CH: 'CHF', LI: 'CHF', RU: 'RUB', UA: 'UAH', KZ: 'KZT', BY: 'BYN', PL: 'PLN', CZ: 'CZK', SE: 'SEK', NO: 'NOK',
  DK: 'DKK', HU: 'HUF', RO: 'RON', TR: 'TRY', GE: 'GEL', AM: 'AMD', AZ: 'AZN', UZ: 'UZS', KG: 'KGS', RS: 'RSD', IL: 'ILS', AE: 'AED',
  SA: 'SAR', IN: 'INR', CN: 'CNY', JP: 'JPY', KR: 'KRW', SG: 'SGD', AU: 'AUD', NZ: 'NZD', CA: 'CAD', MX: 'MXN', BR: 'BRL', AR: 'ARS',
  CL: 'CLP', CO: 'COP', PE: 'PEN', ZA: 'ZAR', NG: 'NGN', KE: 'KES', EG: 'EGP', ID: 'IDR', MY: 'MYR', TH: 'THB', VN: 'VND', PH: 'PHP',
}

export function guessCurrency(): string {
  for (const tag of navigator.languages) {
    try {
      const locale = new Intl.Locale(tag)
      const region = locale.region ?? (tag.includes('-') ? undefined : locale.maximize().region)
      if (region) return byRegion[region] ?? 'EUR'
    } catch {
      // A tag nobody knows says nothing.
    }
  }
  return 'EUR'
}

/** Currencies with their names in the reader's language, the likely one first. */
export function usualCurrencies(language: string): { code: string; label: string }[] {
  const names = new Intl.DisplayNames([language], { type: 'currency' })
  return [...new Set([guessCurrency(), ...usual])].map((code) => ({ code, label: `${code} — ${names.of(code) ?? code}` }))
}
