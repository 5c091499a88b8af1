//! Defines the new campaigns of the last quarter: new words, short links and disguised letters.

/// One campaign per line: rule, language, channels, weight, first day, last day, disguise.
pub(crate) const CAMPAIGNS: &str = "
patch          en  sms,comment     10  2026-07-01  2026-09-30  spaced
agent          en  mail,comment    10  2026-07-01  2026-09-30  leet
passkey        en  mail,sms         9  2026-07-06  2026-09-30  zerowidth
voicemail      en  sms,mail         9  2026-07-13  2026-09-30  lookalike
datafile       en  mail,ticket      8  2026-07-27  2026-09-30  lookalike
houseshare     en  sms,comment      7  2026-08-10  2026-09-30  leet
de_waerme      de  sms,mail         8  2026-07-01  2026-09-30  lookalike
de_stimme      de  sms              6  2026-07-20  2026-09-30  leet
ko_stock       ko  sms,comment      8  2026-07-01  2026-09-30  zerowidth
ko_invite      ko  sms              6  2026-07-20  2026-09-30  spaced
";

/// Phrase rules in the notation of `Grammar`.
pub(crate) const RULES: &str = "
short_link: {short_host}.{luretld}/{slug} | {short_host}.{luretld}/{slug} | hxxps://{short_host}.{luretld}/{slug}
short_host: qk1 | zp-go | t0y | lnk7 | shrt-{digit} | u-rl
patch: {patchhook} {patchclaim} {short_link} | {patchclaim} {patchhook} {short_link} {bye}
| {hey} {name} lost {digit} kilo, {patchclaim} {short_link} | {praise} {patchhook} {patchclaim} {short_link}
patchhook: microneedle appetite patch | peptide sticker for your waist | slim patch sampler
| glucose ring and patch bundle | needle free peptide kit
patchclaim: melts belly while asleep. | curbs hunger from day {digit}. | sampler ships {when}.
| clinic surplus, {count} kits remain. | glow up before {day}.
agent: {agenthook} {agentclaim} {short_link} | {agentclaim} {agenthook} {short_link} {name}
| {hey} {name} let me copy the {agenthook} {agentclaim} {short_link}
agenthook: autonomous trading agent | copy swarm signals | hedge neural assistant | staking robot seat
| arbitrage copilot
agentclaim: compounding hourly without humans. | backtest shows {digit}#% uptick. | beta seats close {day}.
| mirrors whale orders. | drawdown never below zero.
passkey: {keyhook} {keyask} {short_link} | {hey} {keyhook} {keyask} {short_link} {workend}
| {firm} directory: {keyhook} {keyask} {short_link}
keyhook: your passkey desynchronised {when}. | biometric token rotation {day} at {time}.
| quarantine holds {count} inbound mails. | authenticator migration wave {digit} pending.
| shared folder {project} wants reconsent.
keyask: re-enrol your fingerprint | scan the square barcode | release the queue | reattest before {time}
voicemail: {voicehook} {voiceask} {short_link} | {hey} {voicehook} {voiceask} {short_link} {bye}
| {name} left something for you {when}. {voiceask} {short_link}
voicehook: one audio memo, {digit}# seconds, from {name}. | is that you in this clip?? | someone tagged you {day}.
| encrypted memo from {phone}. | your {day} doorbell footage is stored.
voiceask: listen before it erases | hear it | unmute here | playback | watch the clip
datafile: {leakhook} {leakask} {short_link} | {person} {leakhook} {leakask} {short_link} | {leakhook} {leakask} {iban}
leakhook: your scraped dossier {ref} is circulating. | brokers list your household and {count} relatives.
| webcam archive {ref} mentions you. | erasure mandate {ref} is unsigned.
leakask: authorise removal for {small} | countersign the mandate | redact it {soon} | buy silence {sum}
houseshare: {househook} {houseask} {short_link} | {hey} {househook} {houseask} {short_link} {bye}
| {househook} {name} shows it {when}. {houseask}
househook: sunny attic near {place}, utilities included. | sublet {count} rooms, keys by courier.
| landlord {name} abroad, furnished studio. | micro loft, first tenant gets it.
houseask: reserve via escrow token {price} | viewing only after hold fee | lockbox pin after escrow

de_waerme: {de_pumpe} {de_foerder} {short_link} | {de_foerder} {de_pumpe} {short_link} | hallo {de_name}, {de_pumpe}
{short_link}
de_pumpe: Wärmepumpen-Zuschuss {de_sum} reserviert. | Balkonspeicher gratis testen. | Klimabonus {de_sum} freigegeben.
de_foerder: Bescheid verfällt {de_when}. | Förderlotse prüft Ihr Dach. | nur noch {digit} Plätze in Ihrer Straße.
de_stimme: {de_memo} {de_hoer} {short_link} | {de_name}, {de_memo} {de_hoer} {short_link}
de_memo: Sprachmemo von {de_phone}, {digit}# Sekunden. | bist du das im Video?? | jemand markierte dich {de_when}.
de_hoer: anhören bevor es gelöscht wird | hier abspielen | gleich reinschauen

ko_stock: {ko_room} {ko_hot} {short_link} | {ko_hot} {ko_room} {short_link} | {ko_name} 님 {ko_room} {ko_hot} {short_link}
ko_room: 급등주 리딩방 초대 | 인공지능 매매 신호 | 세력주 선취매 정보 | 상장 전 공모주 배정
ko_hot: {ko_when} 상한가 예정 | 수익률 {digit}##% 인증 | 선착순 {digit}0명 | 손실 전액 보상
ko_invite: {ko_card} {ko_view} {short_link} | {ko_name} {ko_card} {ko_view} {short_link}
ko_card: 모바일 청첩장 도착 | 돌잔치 초대장 | 부고 알림 | 교통 민원 통지서
ko_view: {ko_when} 장소 확인 | 사진 열어 보기 | 참석 여부 회신 | 앱 설치 후 열람
";
