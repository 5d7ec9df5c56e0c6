/** Words that no sentence and no item ends with. */
const DANGLING = {
  en: 'a an the of to for from with without and or but nor if because that who whose which when where while than as at by into onto between is are was were be been being has had will would can could should may might must your our their its my this these those every such via per we they you not only',
  de: 'der die dem den des eine einen einem einer eines und oder aber für von vom zum zur im am beim bei dass wenn weil ob als wie ohne seit während zwischen kein keine keinen seine seinen ihre ihren durch gegen',
  es: 'el la los las un una unos unas de del al a en con por para sin sobre entre desde hasta y e o u pero que como cuando donde su sus se lo este esta estos estas cada',
  fr: 'le la les un une des du de à au aux en dans sur avec sans pour par entre vers chez et ou mais que qui dont où si comme quand ce cet cette ces son sa ses leur leurs votre vos notre nos se est sont',
} as const;
type Language = keyof typeof DANGLING;
const DANGLING_CHINESE =
  /(?:[一是可在不非未有这這对對如使你我您会會需和与與或并而且但所被把將将从從向給给让讓该該些某每各那哪都也还還又就才只最更很太已若因虽及之请請没再由于於即则則根超第诸必执指自操默无何创基另按搜须添仅依什继匹至采插逻随概允抽浏扩赋刷协帮溯唯跟尝登捕仍均扫抛拥恢寻混稍伺暂隐贡绑旦拦迭拷跨尚两兩]|[^行认作成称認稱]为|关于|以及|包括|例如|比如|其中|按照|(?:^|[：，、])通过)$/;
const DANGLING_JAPANESE =
  /(?:[はがへをっゃゅょませれえぱごそさざゆづほコッテシレデポェョネエャセュソァベナガボハゲヘギゾィゥォヴケヨ必同自参最各毎第諸及不非未再超追以指呼処特基含多医込詳受返負戻簡操両既深試依拡登予推経改完企維並普促抽許似履探触概困残渡誤研専]|[^こ]と|[^も]の|[^う]に|[^と]も|[^な]し|[^そこど]こ|および|または|かつ|ただし|さらに|そして|(?<![ァ-ヴー])[ァ-ヴ])$/;
const COMPLETE_CJK = /(?:所有|没有|如何|可以|仅有|任何|もの|こと|それ|これ|あれ|よさ|[きよしう]さ)$/;
/** Short words that texts do end with; other words of up to three letters look like the beginning of one. */
const SHORT_WORDS = new Set(
  'up it on in so do go me us id ui db ms px kb mb gb use run app set log key new all way day end out one two bug fix add api url csv pdf xml svg png low top too now yet off own any few map tag row box bit job ago see say get put let ask try pay man men cpu gpu ram usb yes git vue mac web job may sun mon tue wed thu fri sat jan feb mar apr jun jul aug sep oct nov dec'.split(
    ' ',
  ),
);
/** Letters that endings such as "s" and "ing" add to a word. */
const LONGEST_ENDING = 3;
/** So much of the end tells the language. */
const LANGUAGE_SAMPLE = 20_000;
const CJK_AT_END = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー]$/u;

/** Why the word that a text ends with cannot be one, or cannot be the last; undefined for any other. `tail` is the text's end, `whole` all of it. */
export function whyNoLastWord(tail: string, whole: string): string | undefined {
  return CJK_AT_END.test(tail) ? whyNoCjkEnd(tail, whole) : whyNoWordEnd(tail, whole);
}

function whyNoWordEnd(tail: string, whole: string): string | undefined {
  const word = /(?:^|[\s"'’(/*_-]|[^\x00-\u024f])(\p{L}{1,40})$/u.exec(tail)?.[1];
  if (word === undefined) return undefined;
  const language = languageOf(whole.slice(-LANGUAGE_SAMPLE));
  const lower = word.toLowerCase();
  if (word.length > 1 && DANGLING[language].split(' ').includes(lower)) return `no text ends with "${word}"`;
  const reason = `the last word "${word}" looks cut`;
  if (word.length === 1) return word === lower ? reason : undefined;
  // Names and abbreviations have any letters.
  if (word.slice(1) !== lower.slice(1)) return undefined;
  const words = whole
    .slice(0, -word.length)
    .toLowerCase()
    .split(/[^\p{L}]+/u);
  if (words.includes(lower)) return undefined;
  if (word.length <= 3) return SHORT_WORDS.has(lower) ? undefined : reason;
  // A word with an ending says nothing: "pass" is no cut "passing", but "authent" is a cut "authentication".
  return words.some((other) => other.length > word.length + LONGEST_ENDING && other.startsWith(lower)) ? reason : undefined;
}

function whyNoCjkEnd(tail: string, whole: string): string | undefined {
  const isJapanese = /[\p{sc=Hiragana}\p{sc=Katakana}]/u.test(whole);
  if (COMPLETE_CJK.test(tail) || !(isJapanese ? DANGLING_JAPANESE : DANGLING_CHINESE).test(tail)) return undefined;
  return `no text ends with "${tail.slice(-1)}"`;
}

/** The language whose function words are the most frequent. */
function languageOf(text: string): Language {
  const words = text.toLowerCase().split(/[^\p{L}]+/u);
  const counts = (Object.keys(DANGLING) as Language[]).map((language) => {
    const known = new Set<string>(DANGLING[language].split(' '));
    return { language, count: words.filter((word) => known.has(word)).length };
  });
  return counts.reduce((best, other) => (other.count > best.count ? other : best)).language;
}
