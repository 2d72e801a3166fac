/** Comments and descriptions may carry BB codes; shown as plain text they must not show the brackets. */
export const plainText = (text: string | null | undefined): string =>
  (text ?? '')
    .replace(/\[url=([^\]]+)\](.*?)\[\/url\]/gis, '$2 ($1)')
    .replace(/\[user=\d+\](.*?)\[\/user\]/gis, '$1')
    .replace(/\[\*\]/g, '• ')
    .replace(/<br\s*\/?>/gi, '\n')
    .replace(/\[\/?(b|i|u|s|p|quote|code|list|url|color|size|font|img|table|tr|td|th|left|right|center|disk)(=[^\]]*)?\]/gi, '')
    .trim()
